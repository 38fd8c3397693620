"""Importing a million observations, clustering included, against `ogr2ogr` loading the same file into one table."""

import os
import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from api.key_file import KeyFile
from tests.bench.million import report
from tests.fixtures.command import Terminal
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.bench
SIZES = (10_000, 100_000, 1_000_000)
VISITS_OF_A_SITE = 10
SITES_OF_A_TOWN = 2_700  # as in eight years of monthly counts of one city centre
KINDS = ("individual", "individual", "individual", "structure", "vehicle")
MOST = 3.0


class TooSlow(AssertionError):
    """The one failure that is expected here."""


def write_log(path: Path, size: int) -> None:
    """A log of monthly counts: towns 3 km wide with streets 60 m apart, where places are met again and again to within
    some metres."""
    chance = random.Random(1)
    sites = []
    for n in range(size // VISITS_OF_A_SITE):
        town = n // SITES_OF_A_TOWN
        street, along = chance.randrange(50) * 0.0009, chance.gauss(0.022, 0.008)
        lon, lat = 2.02 + town % 10 * 0.055 + along, 54.52 + town // 10 * 0.06 + street * 0.6
        sites.append((lon, lat, chance.choice(KINDS)))
    with path.open("w", encoding="utf-8") as file:
        file.write("observed_on,kind,people,lon,lat\n")
        for n in range(size):
            lon, lat, kind = chance.choice(sites)
            day = f"{2014 + n * 9 // size}-{1 + n * 108 // size % 12:02d}-01"
            people = chance.choice((0, 1, 1, 2, 3, 8))
            file.write(f"{day},{kind},{people},{lon + chance.gauss(0, 4e-5):.6f},{lat + chance.gauss(0, 3e-5):.6f}\n")


@pytest.mark.xfail(
    reason="not reached: reading, clustering and a bare insert of the visits take longer than three plain loads",
    raises=TooSlow,
    strict=True,
)
def test_a_log_comes_in_within_three_times_of_a_plain_load(
    anyio_backend: str,
    town: SmallTown,
    database_url: str,
    owner_url: str,
    terminal: Terminal,
    master_key: KeyFile,
    tmp_path: Path,
) -> None:
    if shutil.which("ogr2ogr") is None:
        pytest.skip("needs ogr2ogr, of the package gdal-bin")
    rows, ratio = [], 0.0
    for size in SIZES:
        log = tmp_path / f"{size}.csv"
        write_log(log, size)
        by_ogr, by_lantern = load(log, owner_url), bring_in(terminal, log, database_url, master_key.path.parents[1])
        ratio = by_lantern / by_ogr
        rows.append([f"{size:,}", f"{by_lantern:.1f} s", f"{by_ogr:.1f} s", f"{ratio:.2f}"])
        print(rows[-1])  # noqa: T201
    words = (
        "`lantern import observations`, the start of the command included, against `ogr2ogr` loading the same CSV into "
        f"one table with a point and its index. Wanted at a million rows: at most {MOST:.0f} times as long; not "
        "reached. Reading and checking the rows, clustering them and making the sites takes about three plain loads "
        "by itself; writing the visits, with their keys, three cells and the indexes of the maps, takes almost three "
        "more. Tried: foreign keys checked all at once instead of row by row (5.2 to 5.7 in three runs, against 5.7 to "
        "6.3 in five); reading in two processes, and larger buffers (no gain seen, one run each); and, to see how far "
        "it could go, no foreign keys and no index but the primary key: 4.9, in one run beside other work. The keys "
        "stay, for they hold without trusting the import. "
        "Each size comes on top of the ones before it."
    )
    table = report("import", "Importing a log", words, ["rows", "lantern import", "ogr2ogr", "ratio"], rows)
    if ratio > MOST:
        raise TooSlow(table)


def load(log: Path, owner_url: str) -> float:
    """Seconds that ogr2ogr takes."""
    url = make_url(owner_url)
    host = url.query.get("host", url.host)
    options = ["-oo", "X_POSSIBLE_NAMES=lon", "-oo", "Y_POSSIBLE_NAMES=lat", "-oo", "AUTODETECT_TYPE=YES"]
    target = f"PG:host={host} port={url.port or url.query.get('port', 5432)} user={url.username} dbname={url.database}"
    begun = time.perf_counter()
    subprocess.run(
        ["ogr2ogr", "-f", "PostgreSQL", target, str(log), "-a_srs", "EPSG:4326", "-nln", f"plain_{log.stem}", *options],
        check=True, env=os.environ | {"PG_USE_COPY": "YES"},
    )  # fmt: skip
    return time.perf_counter() - begun


def bring_in(terminal: Terminal, log: Path, database_url: str, home: Path) -> float:
    """Seconds that Lantern takes."""
    begun = time.perf_counter()
    words = ("import", "observations", str(log), "--organisation", "doggerstad")
    done = terminal.run(*words, database_url=database_url, home=home)
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - begun
