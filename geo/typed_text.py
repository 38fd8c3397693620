"""What someone types, as it is kept: letters composed (NFC), and no sign that cannot be seen.

A sign that cannot be seen makes two names look alike, hides words, or turns the direction of what stands beside it.
Joiners stay where scripts need them (Persian, Hindi, emoji): after a sign, and never two in a row.
"""

from unicodedata import category, combining, normalize

UNSEEN = "must not contain signs that cannot be seen"
STACKED = "has too many marks on one letter"
MOST_MARKS = 6
MOST_COMBINING = 32
"""In a row, before they are composed: putting a long row in order takes the square of its length."""

JOINERS = {"\u200c", "\u200d"}
FILLERS = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc")
"""Letters and signs by their category, blanks to the eye."""
SEEN_MARKS = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Signs of Arabic and other scripts that stand before numbers: of the category of the unseen, but seen."""


class NotText(ValueError):
    """The text cannot be kept; the message says why, without the text."""


def composed(text: str) -> str:
    """The same text in its one form: composed letters, plain spaces, lines that end in LF. Raises NotText."""
    row = 0
    for sign in "" if text.isascii() else text:
        row = row + 1 if combining(sign) else 0
        if row > MOST_COMBINING:
            raise NotText(STACKED)
    plain = normalize("NFC", text.replace("\r\n", "\n"))
    return "".join(" " if sign == "\t" or category(sign) == "Zs" else sign for sign in plain)


def check_line(text: str) -> str:
    """One line. Raises NotText."""
    return _checked(text, "")


def check_lines(text: str) -> str:
    """One line or several. Raises NotText."""
    return _checked(text, "\n")


def one_line(text: str) -> str:
    """A line as it is kept. Raises NotText."""
    return check_line(composed(text).strip())


def _checked(text: str, allowed: str) -> str:
    before, marks = "", 0
    for sign in text:
        marks = marks + 1 if category(sign) in {"Mn", "Me"} and not _selects(sign) else 0
        if marks > MOST_MARKS:
            raise NotText(STACKED)
        if sign not in allowed and _unseen(sign, before):
            raise NotText(UNSEEN)
        before = sign
    if before in JOINERS:
        raise NotText(UNSEEN)
    return text


def _unseen(sign: str, before: str) -> bool:
    if sign in JOINERS:
        return not before or before.isspace() or before in JOINERS
    if _selects(sign):
        return not before or before.isspace() or before in JOINERS or _selects(before)
    kind = category(sign)
    if kind in {"Cc", "Cs", "Co", "Zl", "Zp"} or sign in FILLERS or _is_no_character(sign):
        return True
    return kind == "Cf" and sign not in SEEN_MARKS


def _selects(sign: str) -> bool:
    """Chooses how the sign before it looks."""
    return "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef" or "\u180b" <= sign <= "\u180d"


def _is_no_character(sign: str) -> bool:
    return "\ufdd0" <= sign <= "\ufdef" or ord(sign) & 0xFFFE == 0xFFFE
