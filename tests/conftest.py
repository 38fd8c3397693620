"""The fixtures, by topic; a topic comes after those it stands on."""

pytest_plugins = [
    "tests.fixtures.shared",
    "tests.fixtures.home",
    "tests.fixtures.process",
    "tests.fixtures.command",
    "tests.fixtures.vault",
    "tests.fixtures.database",
    "tests.fixtures.town",
    "tests.fixtures.asking",
    "tests.fixtures.importing",
    "tests.fixtures.client",
    "tests.fixtures.phone",
    "tests.fixtures.shown_passkey",
    "tests.fixtures.provider",
    "tests.fixtures.city_account",
    "tests.fixtures.browser",
    "tests.fixtures.handset",
    "tests.fixtures.crowd",
    "tests.fixtures.gent",
    "tests.fixtures.wide_town",
    "tests.fixtures.kept",
]
