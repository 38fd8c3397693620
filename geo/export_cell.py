"""A cell of a CSV file that no spreadsheet runs."""

import re

FORMULA = r"^(?=[\s\"'`]*[-=+@−＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋]|[\t\r\n])"
"""Matches where a cell begins like a formula, for PostgreSQL and for Python: also after blanks and quotes, which some
spreadsheets cut off, and with the wide, small, raised and lowered forms of the signs, which some take for the signs."""
_FORMULA = re.compile(FORMULA)


def harmless(typed: str | None) -> str | None:
    """What a person typed, with an apostrophe in front where it begins like a formula. The first apostrophe of a cell
    that would match without it is not part of the text: so each text can be read back."""
    return f"'{typed}" if typed and _FORMULA.match(typed) else typed
