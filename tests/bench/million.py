"""Many made-up sites for measurements, and where their tables of results go."""

import os
import platform
from pathlib import Path

from sqlalchemy import Engine, text

DOCS = Path(__file__).parents[2] / "docs" / "benchmarks"
WIDTH, HEIGHT = 0.5, 0.27  # degrees: about 32 km by 30 km, so a million sites are a thousand in each km²

ADD = text("""
    INSERT INTO lantern.site (organisation_id, id, site_type, status, name, access_note_sealed, geom, revisit_days,
        first_seen_on)
    SELECT :organisation_id, gen_random_uuid(),
        (ARRAY['street', 'park', 'doorway', 'tent'])[1 + i % 4],
        (ARRAY['active', 'active', 'active', 'unverified', 'inactive', 'closed'])[1 + i % 6],
        CASE WHEN i % 3 > 0 THEN 'Place "' || i || '" by the Old Mill' END,
        CASE WHEN i % 5 = 0 THEN uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) END,
        ST_SetSRID(ST_MakePoint(2.05 + random() * :width, 54.6 + random() * :height), 4326),
        14, date '2025-01-01' + CAST(i % 500 AS integer)
    FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS i
""")


def add_sites(engine: Engine, organisation_id: object, first: int, last: int) -> None:
    """Adds sites number `first` to `last` to an organisation, and lets the database look at them."""
    with engine.begin() as connection:
        asked = {"organisation_id": organisation_id, "first": first, "last": last, "width": WIDTH, "height": HEIGHT}
        connection.execute(ADD, asked)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE lantern.site"))


def report(name: str, title: str, words: str, heading: list[str], rows: list[list[str]]) -> str:
    """Writes `docs/benchmarks/<name>.md`, and returns its table for the terminal."""
    lines = [heading, ["---"] * len(heading), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    DOCS.mkdir(parents=True, exist_ok=True)
    (DOCS / f"{name}.md").write_text(
        f"# {title}\n\n{words}\n\n{table}\n\nWritten by `make bench` on {machine}. Times are good as ratios only.\n",
        encoding="utf-8",
    )
    return table
