"""The fixtures, by topic."""

pytest_plugins = [
    "tests.fixtures.client",
    "tests.fixtures.database",
    "tests.fixtures.shared",
    "tests.fixtures.town",
]
