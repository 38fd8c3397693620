"""Languages: gettext catalogues under web/locale, dates and numbers by Babel.

A language is offered once `web/locale/<code>/messages.po` exists. English is the text in the source itself.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LOCALE = Path(__file__).parent / "locale"
NAMES = {"en": "English", "nl": "Nederlands", "pl": "Polski", "fr": "Français"}
# English dates and numbers follow European custom: 22 Nov 2026, 23:40.
FORMATS = {"en": "en_GB"}


def N_(text: str) -> str:
    """Marks a text for the catalogue; it is translated where it is shown."""
    return text


@cache
def languages() -> Mapping[str, str]:
    """The languages on offer, code to own name."""
    there = {code: name for code, name in NAMES.items() if code == "en" or (LOCALE / code / "messages.po").is_file()}
    return MappingProxyType(there)


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language, compiled from its .po file in memory."""
    source = LOCALE / language / "messages.po"
    if not source.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def choose(*wishes: str | None, accepted: str | None = None) -> str:
    """The first wish that is on offer, else what the browser accepts (the header Accept-Language), else English."""
    for wish in (*wishes, *_accepted(accepted or "")):
        code = (wish or "").split("-")[0].split("_")[0].lower()
        if code in languages():
            return code
    return "en"


def _accepted(header: str) -> Iterable[str]:
    ranked = []
    for part in header[:500].split(","):
        code, _, quality = part.strip().partition(";q=")
        try:
            ranked.append((-float(quality or 1), code))
        except ValueError:
            continue
    return [code for _, code in sorted(ranked, key=lambda item: item[0])]


class Speaker:
    """Words, dates and numbers in one language and one time zone."""

    def __init__(self, language: str, time_zone: str) -> None:
        self.language = language
        self.locale = Locale.parse(FORMATS.get(language, language))
        self.zone = ZoneInfo(time_zone)
        self.catalogue = translations(language)

    def text(self, message: str, **values: object) -> str:
        spoken = self.catalogue.ugettext(message)
        return spoken % values if values else spoken

    def date(self, day: date | None, style: str = "medium") -> str:
        """A day, or the day of a moment on the wall of the organisation."""
        if day is None:
            return "–"
        shown = day.astimezone(self.zone).date() if isinstance(day, datetime) else day
        return dates.format_date(shown, style, locale=self.locale)

    def time(self, moment: datetime) -> str:
        return dates.format_time(moment, "short", tzinfo=self.zone, locale=self.locale)

    def moment(self, moment: datetime | None) -> str:
        """Day and time."""
        if moment is None:
            return "–"
        return f"{self.date(moment)}, {self.time(moment)}"

    def number(self, value: float | None, digits: int = 0) -> str:
        """With as many decimals as asked for, so that numbers below each other compare at a glance."""
        if value is None:
            return "–"
        pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
        return numbers.format_decimal(round(value, digits), pattern, locale=self.locale)

    def percent(self, share: float | None) -> str:
        """A share from 0 to 1. Never rounded up to a whole or down to nothing."""
        if share is None:
            return "–"
        step = 0.01 if 0 < share < 1 else 1.0
        shown = min(max(round(share, 2), step if share > 0 else 0.0), 1 - step if share < 1 else 1.0)
        return numbers.format_percent(shown, locale=self.locale)
