"""The form of a visit: what is typed, and what it means."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from api.body import Line
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


class VisitForm(Form):
    """`place` is the id of a site, `new` for one that is not on the list, or `none` for a search without a site.
    `visited_at` is what the wall clock of the organisation shows; `lon`, `lat` are degrees (WGS 84)."""

    id: UUID
    new_site_id: UUID
    place: UUID | Literal["new", "none"]
    outcome: Outcome
    people: Band | None = None
    note: Annotated[str | None, Field(max_length=4000)] = None
    visited_at: datetime
    lon: Annotated[float | None, Field(ge=-180, le=180, allow_inf_nan=False)] = None
    lat: Annotated[float | None, Field(ge=-90, le=90, allow_inf_nan=False)] = None
    uncertainty_m: Annotated[float, Field(ge=0, le=5000, allow_inf_nan=False)] = 25.0
    site_type: Annotated[str | None, Field(max_length=63)] = None
    name: Line | None = None
    access_note: Annotated[str | None, Field(max_length=2000)] = None

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

    def moment(self, zone: str) -> datetime:
        at = self.visited_at
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def check(fields: dict[str, str], zone: str) -> tuple[VisitForm | None, dict[str, str]]:
    """The form, and what is wrong with it field by field, each alone and all together."""
    form, wrong = read(VisitForm, fields)
    if form is None:
        return None, {_field(name): what for name, what in wrong.items()}
    return form, _together(form, zone)


def _together(form: VisitForm, zone: str) -> dict[str, str]:
    wrong = {}
    if form.known_site is None and (form.lon is None or form.lat is None):
        wrong["where"] = WHERE
    if form.place == NEW and not form.site_type:
        wrong["site_type"] = TYPE
    if form.outcome == Outcome.NOBODY_FOUND and form.people not in (None, Band.NONE):
        wrong["people"] = NOBODY
    if form.outcome == Outcome.MET and form.people in (None, Band.NONE):
        wrong["people"] = PEOPLE if form.people is None else SOMEBODY
    if not EARLIEST.year <= form.visited_at.year <= LATEST.year:
        wrong["visited_at"] = NO_TIME
    elif (form.moment(zone) - datetime.now(UTC)).total_seconds() > 120:
        wrong["visited_at"] = FUTURE
    return wrong


def _field(name: str) -> str:
    return "where" if name in {"lon", "lat"} else name
