"""Words and numbers as a reader sees them; `web/i18n.py` speaks every language, this one plain English."""

from datetime import date
from typing import Protocol

MONTH, YEAR = "LLL y", "y"  # patterns of the Unicode CLDR


class Voice(Protocol):
    """What a map needs to speak. `percent` takes a share from 0 to 1."""

    language: str

    def text(self, message: str, **values: object) -> str: ...

    def number(self, value: float | None, digits: int = 0) -> str: ...

    def percent(self, share: float | None) -> str: ...

    def date(self, day: date | None, style: str = "medium") -> str: ...


class PlainVoice:
    """English, for the command line."""

    language = "en"

    def text(self, message: str, **values: object) -> str:
        return message % values if values else message

    def number(self, value: float | None, digits: int = 0) -> str:
        return "–" if value is None else f"{value:,.{digits}f}"

    def percent(self, share: float | None) -> str:
        """Never rounded up to a whole or down to nothing."""
        if share is None:
            return "–"
        rounded = round(share * 100)
        return f"{min(max(rounded, 1 if share > 0 else 0), 99 if share < 1 else 100)}%"

    def date(self, day: date | None, style: str = "medium") -> str:
        if day is None:
            return "–"
        return {MONTH: f"{day:%b %Y}", YEAR: f"{day:%Y}"}.get(style, f"{day.day} {day:%b %Y}")
