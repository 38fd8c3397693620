"""The form of a visit: what is typed, and what it means."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from api.body import Line, LongNote, Note
from geo.selection import EARLIEST, LATEST
from geo.site import Status
from geo.visit import Band, Outcome
from web.form import Form, read
from web.i18n import N_

NEW, NONE = "new", "none"
WHERE = N_("Say where it is: tap the map, or use your position.")
TYPE = N_("Choose what kind of place it is.")
PEOPLE = N_("Say how many people you saw.")
NOBODY = N_("Nobody found and people seen do not fit together.")
SOMEBODY = N_("Met and no people do not fit together.")
FUTURE = N_("This lies in the future.")
NO_TIME = N_("This day cannot be right.")


class Moment(Form):
    """`visited_at` is what the wall clock of the organisation shows."""

    visited_at: datetime

    def moment(self, zone: str) -> datetime:
        at = self.visited_at
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


class VisitForm(Moment):
    """`place` is the id of a site, `new` for one that is not on the list, or `none` for a search without a site.
    `lon`, `lat` are degrees (WGS 84)."""

    id: UUID
    new_site_id: UUID
    place: UUID | Literal["new", "none"]
    outcome: Outcome
    people: Band | None = None
    note: LongNote | None = None
    lon: Annotated[float | None, Field(ge=-180, le=180, allow_inf_nan=False)] = None
    lat: Annotated[float | None, Field(ge=-90, le=90, allow_inf_nan=False)] = None
    uncertainty_m: Annotated[float, Field(ge=0, le=5000, allow_inf_nan=False)] = 25.0
    site_type: Annotated[str | None, Field(max_length=63)] = None
    name: Line | None = None
    access_note: Note | None = None

    @property
    def known_site(self) -> UUID | None:
        return self.place if isinstance(self.place, UUID) else None

    @property
    def point(self) -> dict[str, Any]:
        """GeoJSON, EPSG:4326."""
        return {"type": "Point", "coordinates": [self.lon, self.lat]}

    @property
    def band(self) -> str | None:
        """Who was not reached was not counted; nobody found is none."""
        if self.outcome == Outcome.NOBODY_FOUND:
            return Band.NONE.value
        return None if self.outcome == Outcome.NOT_REACHED or self.people is None else self.people.value

    def site_values(self, today: date) -> dict[str, Any]:
        """The columns of the new site that the form tells of. It is unverified until someone is met there."""
        return {
            "id": self.new_site_id,
            "site_type": self.site_type,
            "status": Status.UNVERIFIED.value,
            "name": self.name,
            "access_note": self.access_note,
            "uncertainty_m": self.uncertainty_m,
            "first_seen_on": today,
        }

    def visit_values(self, zone: str) -> dict[str, Any]:
        """The columns of the visit that the form tells of."""
        return {
            "id": self.id,
            "visited_at": self.moment(zone),
            "outcome": self.outcome.value,
            "people_band": self.band,
            "note": self.note,
            "source": "form",
        }


def check(fields: dict[str, str], zone: str) -> tuple[VisitForm | None, dict[str, str]]:
    """The form, and all that is wrong with it at once: field by field, and where fields do not fit together."""
    form, wrong = read(VisitForm, fields)
    typed = {name: value.strip() for name, value in fields.items() if value.strip()}
    together = _place(typed) | _people(typed) | _time(fields, zone)
    return form, together | {_field(name): what for name, what in wrong.items()}


def _place(typed: dict[str, str]) -> dict[str, str]:
    wrong = {}
    if typed.get("place") in (NEW, NONE) and not ("lon" in typed and "lat" in typed):
        wrong["where"] = WHERE
    if typed.get("place") == NEW and "site_type" not in typed:
        wrong["site_type"] = TYPE
    return wrong


def _people(typed: dict[str, str]) -> dict[str, str]:
    outcome, people = typed.get("outcome"), typed.get("people")
    if outcome == Outcome.NOBODY_FOUND and people not in (None, Band.NONE):
        return {"people": NOBODY}
    if outcome == Outcome.MET and people in (None, Band.NONE):
        return {"people": PEOPLE if people is None else SOMEBODY}
    return {}


def _time(fields: dict[str, str], zone: str) -> dict[str, str]:
    read_moment, _ = read(Moment, fields)
    if read_moment is None:
        return {}
    if not EARLIEST.year <= read_moment.visited_at.year <= LATEST.year:
        return {"visited_at": NO_TIME}
    if (read_moment.moment(zone) - datetime.now(UTC)).total_seconds() > 120:
        return {"visited_at": FUTURE}
    return {}


def _field(name: str) -> str:
    return "where" if name in {"lon", "lat"} else name
