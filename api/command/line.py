"""A text of one line, as it was given on the command line."""

from api.command.refusal import Refusal
from geo.typed_text import NotText, one_line

LONGEST = 200


def line_of(given: str, what: str) -> str:
    """As it is kept; raises Refusal that says of `what` what is wrong."""
    try:
        line = one_line(given)
    except NotText as wrong:
        raise Refusal(f"The {what} {wrong}.") from None
    if not 1 <= len(line) <= LONGEST:
        raise Refusal(f"The {what} has 1 to {LONGEST} characters.")
    return line
