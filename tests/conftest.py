"""The fixtures, by topic."""

pytest_plugins = ["tests.fixtures.database", "tests.fixtures.shared"]
