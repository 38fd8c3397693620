"""A cell of a CSV file that no spreadsheet runs."""

FORMULA_BEGINS = "-=+@\t\r\n＝＋－＠"  # what makes a formula of a cell, at its beginning; `-` first, for use in [ ]


def harmless(typed: str | None) -> str | None:
    """What a person typed, with an apostrophe in front where it begins like a formula."""
    return f"'{typed}" if typed and typed[0] in FORMULA_BEGINS else typed
