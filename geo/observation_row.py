"""One row of an old log: checked, and made a line for COPY."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from struct import Struct
from uuid import UUID
from zoneinfo import ZoneInfo

from shapely import Polygon

from geo.geometry import GeometryError
from geo.imported_id import imported_id
from geo.reading import Column
from geo.reading_cell import LAT, LON, WKT, Cells, degrees
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
PACKED = Struct("<qhidd").pack


class Rows:
    """Yields each row as a line for COPY (line, key, visited_at, kind, band, lon, lat), or as refused.

    `kinds` gives a number for each kind in the file. A date stands for noon on the wall of `zone`. The key is an id
    made of what the row says, so that rows that say the same share it.
    """

    def __init__(
        self,
        rows: Iterator[Record | Refused],
        columns: Mapping[str, int],
        *,
        organisation_id: UUID,
        bounds: Polygon,
        zone: ZoneInfo,
        kinds: Mapping[str, int],
    ) -> None:
        if ("lon" in columns) != ("lat" in columns):
            raise FileError("The place needs two columns: name both with the option column, as in lon=THEIRS.")
        self._rows = rows
        self._columns = columns
        self._organisation_id = organisation_id
        self._bounds = bounds
        self._box = bounds.bounds
        self._zone = zone
        self._kinds = kinds
        self._moments: dict[str, tuple[int, str]] = {}
        self._latest = datetime.now(UTC) + timedelta(days=1)
        self._bands = {str(people): Band.of(people).value for people in range(200)}

    def __iter__(self) -> Iterator[str | Refused]:
        for row in self._rows:
            if isinstance(row, Refused):
                yield row
                continue
            try:
                yield self._line(row)
            except (ValueError, GeometryError) as error:
                yield Refused(row.line, str(error))

    def _line(self, row: Record) -> str:
        at, cells = self._columns, row.cells
        milliseconds, moment = self._moment(cells[at["observed_on"]])
        kind = self._kinds.get(cells[at["kind"]].strip().casefold())
        if kind is None:
            raise ValueError("its kind is no site type; map it with the option kind, as in KIND=TYPE")
        people = cells[at["people"]].strip()
        band = self._bands.get(people) or _band(people)
        lon, lat = self._place(row)
        key = imported_id(self._organisation_id, milliseconds, PACKED(milliseconds, kind, int(people), lon, lat))
        return f"{row.line}\t{key}\t{moment}\t{kind}\t{band}\t{lon!r}\t{lat!r}\n"

    def _moment(self, cell: str) -> tuple[int, str]:
        found = self._moments.get(cell)
        if found is None:
            moment = read_moment(cell, self._zone)
            if not EPOCH <= moment <= self._latest:
                raise ValueError("its date is in the future" if moment > EPOCH else "its date is before 1970")
            if len(self._moments) > REMEMBERED:
                self._moments.clear()
            found = self._moments[cell] = (round(moment.timestamp() * 1000), moment.isoformat())
        return found

    def _place(self, row: Record) -> tuple[float, float]:
        at = self._columns
        if row.geometry is None and "lon" in at:
            lon, lat = degrees(row.cells[at["lon"]], "lon"), degrees(row.cells[at["lat"]], "lat")
            west, south, east, north = self._box
            if west <= lon <= east and south <= lat <= north:
                return lon, lat
        found = Cells(row, at).point(self._bounds)
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


def _band(people: str) -> str:
    if not (people.isascii() and people.isdigit() and len(people) < 9 and int(people) <= MOST_PEOPLE):
        raise ValueError(f"its number of people is no whole number from 0 to {MOST_PEOPLE}")
    return Band.of(int(people)).value
