"""One row of an old log: checked, and made a line for COPY."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from math import nan
from operator import itemgetter
from struct import Struct
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from shapely import Polygon

from geo.geometry import GeometryError
from geo.imported_id import shaped
from geo.reading import Column
from geo.reading_cell import LAT, LON, WKT, Cells
from geo.record import FileError, Record, Refused
from geo.visit import Band

COLUMNS = (
    Column("observed_on", ("observed_on", "visited_at", "observed_at", "date", "datum", "data", "day", "dag"), True),
    Column("kind", ("kind", "site_type", "type", "soort", "rodzaj", "typ"), True),
    Column("people", ("people", "persons", "count", "aantal", "personen", "osoby", "liczba_osob", "personnes"), True),
    Column("lon", LON),
    Column("lat", LAT),
    Column("wkt", WKT),
)
MOST_PEOPLE = 10_000
REMEMBERED = 50_000
NOON = time(12)
EPOCH = datetime(1970, 1, 2, tzinfo=UTC)
LON_LAT = Struct("<dd").pack


class _Said(NamedTuple):
    """What rows say beside their place: the moment, what goes into their key, and cells for COPY."""

    milliseconds: str
    content: bytes
    cells: str


class Rows:
    """Makes each row a line for COPY (line, key, visited_at, kind, band, lon, lat), or as refused.

    `kinds` gives the site type of each kind in the file, `types` a number to each site type. A date stands for noon on
    the wall of `zone`. The key is an id made of what the row says, so that rows that say the same share it.
    """

    def __init__(
        self,
        columns: Mapping[str, int],
        *,
        organisation_id: UUID,
        bounds: Polygon,
        zone: ZoneInfo,
        kinds: Mapping[str, str],
        types: Mapping[str, int],
    ) -> None:
        if ("lon" in columns) != ("lat" in columns):
            raise FileError("The place needs two columns: name both with the option column, as in lon=THEIRS.")
        self._columns = columns
        self._organisation_id = organisation_id
        self._bounds = bounds
        self._box = bounds.bounds
        self._zone = zone
        self._kinds = kinds
        self._types = types
        self._what = itemgetter(*(columns[name] for name in ("observed_on", "kind", "people")))
        self._where = (columns["lon"], columns["lat"]) if "lon" in columns else None
        self._said: dict[tuple[str, str, str], _Said] = {}
        self._latest = datetime.now(UTC) + timedelta(days=1)

    def lines(self, rows: Iterable[Record | Refused]) -> list[str | Refused]:
        """Each row's line, or what is wrong with it."""
        return [row if isinstance(row, Refused) else self._line_or_refused(row) for row in rows]

    def _line_or_refused(self, row: Record) -> str | Refused:
        try:
            return self._line(row)
        except (ValueError, GeometryError) as error:
            return Refused(row.line, str(error))

    def _line(self, row: Record) -> str:
        said = self._said.get(what := self._what(row.cells)) or self._say(*what)
        lon, lat = self._place(row)
        key = shaped(said.milliseconds, said.content + LON_LAT(lon, lat))
        return f"{row.line}\t{key}\t{said.cells}\t{lon!r}\t{lat!r}\n"

    def _say(self, when: str, kind: str, people: str) -> _Said:
        moment = read_moment(when, self._zone)
        if not EPOCH <= moment <= self._latest:
            raise ValueError("its date is in the future" if moment > EPOCH else "its date is before 1970")
        found = self._kinds.get(kind.strip().casefold())
        if found is None:
            raise ValueError("its kind is no site type; map it with the option kind, as in KIND=TYPE")
        number, count = self._types[found], read_people(people)
        milliseconds = f"{round(moment.timestamp() * 1000):012x}"
        if len(self._said) > REMEMBERED:
            self._said.clear()
        said = self._said[when, kind, people] = _Said(
            milliseconds,
            self._organisation_id.bytes + f"observation {milliseconds} {found} {count} ".encode(),
            f"{moment.isoformat()}\t{number}\t{Band.of(count)}",
        )
        return said

    def _place(self, row: Record) -> tuple[float, float]:
        if row.geometry is None and self._where is not None:
            at_lon, at_lat = self._where
            west, south, east, north = self._box
            try:
                lon, lat = float(row.cells[at_lon]), float(row.cells[at_lat])
            except ValueError:
                lon = lat = nan
            if west <= lon <= east and south <= lat <= north:
                return lon, lat
        found = Cells(row, self._columns).point(self._bounds)  # slower, and says what is wrong
        return found.x, found.y


def read_moment(cell: str, zone: ZoneInfo) -> datetime:
    """A moment from an ISO 8601 date (then noon) or date with time, on the wall of `zone` unless it names its own."""
    text = cell.strip()
    try:
        if len(text) <= 10:
            return datetime.combine(date.fromisoformat(text), NOON, zone)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("its date is not written as in 2024-03-05") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def read_people(cell: str) -> int:
    """How many people a cell says were seen."""
    people = cell.strip()
    if not (people.isascii() and people.isdigit() and len(people) < 9 and int(people) <= MOST_PEOPLE):
        raise ValueError(f"its number of people is no whole number from 0 to {MOST_PEOPLE}")
    return int(people)
