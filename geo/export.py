"""Exact data out of PostgreSQL as GeoJSON (RFC 7946), GeoJSON text sequences (RFC 8142) or CSV, as it is read.

Longitude before latitude, seven decimals (a centimetre), outer rings counter-clockwise. Each form ends with the number
of its rows, so that a file that was cut off shows it: see docs/reference/geojson.md.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg
from sqlalchemy import Select, column, select, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.ext.asyncio import AsyncSession

from geo import export_wanted
from geo.copying import Rows, copied
from geo.coverage_export import coverage_rows
from geo.driver import raw
from geo.export_cell import FORMULA
from geo.export_wanted import Wanted, Whose
from geo.log import MOST_IDS, Act, note
from geo.sql import queries

ROWS: dict[str, Callable[[Whose, Wanted], Select[Any]]] = {
    "sites": export_wanted.sites,
    "visits": export_wanted.visits,
    "areas": export_wanted.areas,
}
PLACES = {"sites": "id", "visits": "site_id"}
"""Where a row of a noun names its site; the other nouns hold no sites."""
DIALECT = PGDialectAsync_psycopg()  # type: ignore[no-untyped-call]
PLAIN = r"(FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')"  # the text as it is: COPY's own form doubles backslashes
MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'


class Form(StrEnum):
    GEOJSON = "geojson"
    GEOJSONSEQ = "geojsonseq"
    CSV = "csv"


@dataclass(frozen=True)
class Frame:
    """What stands around the rows. The last `cut` bytes of the last row give way to `end`, which holds the number of
    rows; `empty` ends a file without any. `heading` is how many rows the heading takes."""

    media_type: str
    suffix: str
    copy: str
    binds: dict[str, str]
    head: bytes
    cut: int
    end: bytes
    empty: bytes
    heading: int = 0


FRAMES = {
    Form.GEOJSON: Frame(
        media_type="application/geo+json",
        suffix="geojson",
        copy=PLAIN,
        binds={"before": "", "after": ","},
        head=b'{"type":"FeatureCollection","features":[\n',
        cut=2,
        end=b'\n],"numberReturned":%d,"complete":true}\n',
        empty=b'],"numberReturned":0,"complete":true}\n',
    ),
    Form.GEOJSONSEQ: Frame(
        media_type="application/geo+json-seq",
        suffix="geojsons",
        copy=PLAIN,
        binds={"before": "\x1e", "after": ""},
        head=b"",
        cut=2,
        end=b',"numberReturned":%d,"complete":true}\n',
        empty=b'\x1e{"type":"FeatureCollection","features":[],"numberReturned":0,"complete":true}\n',
    ),
    Form.CSV: Frame(
        media_type="text/csv; charset=utf-8; header=present",
        suffix="csv",
        copy="(FORMAT csv, HEADER)",
        binds={"formula": FORMULA, "moment": MOMENT},
        head=b"",
        cut=1,
        end=b"%d\n",
        empty=b"",
        heading=1,
    ),
}


async def exported(
    session: AsyncSession, noun: str, form: Form, whose: Whose, wanted: Wanted
) -> AsyncGenerator[Rows, None]:
    """The file of an export, 256 KB or more at a time, with how many rows each part ends.

    Needs the whole transaction of the session until it is read to its end or closed. A fault is raised, and leaves the
    file without its end.
    """
    frame = FRAMES[form]
    connection = await raw(session)
    await connection.execute("SET LOCAL TIME ZONE 'UTC'")
    if noun == "coverage":
        source = coverage_rows(session, whose, wanted, frame.binds)
    else:
        source = copied(connection, copy_statement(connection, noun, form, whose, wanted))
    so_far, number, heading = frame.head, 0, frame.heading
    async with aclosing(source) as rows:
        async for part in rows:
            whole = so_far + part.text
            number += part.number - heading
            yield Rows(whole[: -frame.cut], part.number - heading)
            so_far, heading = whole[-frame.cut :], 0
    yield Rows(frame.end % number if number else so_far + frame.empty, 0)


async def note_export(session: AsyncSession, noun: str, whose: Whose, wanted: Wanted) -> None:
    """Notes in the log what an export holds: the filters without the box's corners, and the sites by id."""
    filters = {name: str(getattr(wanted, name)) for name in sorted(wanted.given() - {"box"})}
    detail = {"filters": filters, "box": wanted.box is not None}
    site_ids = None
    if noun in PLACES:
        rows = ROWS[noun](whose, wanted).subquery()
        ids = select(rows.c[PLACES[noun]]).where(rows.c[PLACES[noun]].is_not(None)).distinct().limit(MOST_IDS + 1)
        site_ids = await session.scalars(ids)
    note(session, Act.EXPORTED, noun, site_ids or (), detail)


def copy_statement(
    connection: psycopg.AsyncConnection[Any], noun: str, form: Form, whose: Whose, wanted: Wanted
) -> str:
    """The COPY of an export. It takes no parameters from the server, so psycopg puts the values in as literals."""
    frame = FRAMES[form]
    shape = text(queries("export")[f"{noun}_csv" if form is Form.CSV else f"{noun}_geojson"])
    query = shape.bindparams(**frame.binds).columns(column("line")).add_cte(ROWS[noun](whose, wanted).cte("wanted"))
    compiled = query.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    literal = psycopg.AsyncClientCursor(connection).mogrify(str(compiled).encode(), compiled.params)
    return " ".join(("COPY (", literal, ") TO STDOUT", frame.copy))
