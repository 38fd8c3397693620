"""Files made to break whoever reads them: refused in words, in bounded memory, with nothing written."""

import gzip
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import psutil
import pytest
from anyio import to_thread

from geo import reading_process
from geo.file_form import CONVERT, UNPACK, form_of_name
from geo.reading_process import ROOT, TOO_MUCH, reading
from geo.record import Encoding, FileError, Refused
from tests.fixtures.client import Client
from tests.fixtures.look import look
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
MB = 1024 * 1024
LOG = b"observed_on,kind,people,lon,lat\n2024-03-05,tent,2,2.31,54.77\n"
COUNT = "SELECT count(*) FROM lantern.visit"
CSV = {"Content-Type": "text/csv"}


def repeated(part: bytes, megabytes: int, before: bytes = b"", after: bytes = b"") -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        block = part * (MB // len(part))
        file.write(before)
        for _ in range(megabytes):
            file.write(block)
        file.write(after)

    return write


def plain(content: bytes) -> Callable[[BinaryIO], None]:
    return repeated(b"x", 0, content)


def zipped(content: bytes, name: str = "a.geojson") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


COLLECTION = b'{"type":"FeatureCollection","features":['
FEATURE = b'{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":'
VRT = b'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>'
ENTITY = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><kml>&b;</kml>'
WHOLE = [
    pytest.param(plain(zipped(b"\0" * 200 * MB)), UNPACK, id="a zip bomb"),
    pytest.param(plain(gzip.compress(b"\0" * 200 * MB)), UNPACK, id="a gzip bomb"),
    pytest.param(plain(zipped(b"<kml/>", "doc.kml")), UNPACK, id="kmz"),
    pytest.param(plain(b"SQLite format 3\0" + b"\0" * 5000), CONVERT, id="gpkg"),
    pytest.param(plain(VRT), CONVERT, id="a VRT that names another file"),
    pytest.param(plain(ENTITY), CONVERT, id="XML with an entity from a file"),
    pytest.param(plain(b"{" + b'"a":[' * 100_000), "JSON", id="JSON, 100,000 deep"),
    pytest.param(plain(COLLECTION + b"[" * 100_000), "JSON", id="a feature, 100,000 deep"),
    pytest.param(repeated(b"1", 300, b'{"type":'), "JSON", id="a number of 300 MB"),
    pytest.param(repeated(b"a", 300, COLLECTION + b'"'), "JSON", id="a text of 300 MB"),
    pytest.param(repeated(b"[],", 14, COLLECTION + FEATURE + b"[", b"[]]}}]}"), None, id="five million empty lists"),
    pytest.param(repeated(b"{},", 14, b'{"a":[', b'{}],"features":[]}'), None, id="five million empty objects"),
    pytest.param(plain(b"a," * 1_000_000 + b"b\n1,2\n"), "no header", id="a million columns"),
    pytest.param(repeated(b"x", 500, b"lon,lat\n"), "longer than", id="a field of 500 MB"),
    pytest.param(repeated(b"x" * 1023 + b"\n", 500, b'lon,lat\n1,"'), None, id="a field of 500 MB over many lines"),
    pytest.param(repeated(b'"x\n",', 300, b"lon,lat\n"), TOO_MUCH, id="a row of 300 MB over many lines"),
    pytest.param(plain(b"lon,lat\r1,2\r"), "CR alone", id="lines that end in CR alone"),
    pytest.param(plain(b"lon,\0lat\n1,2\n"), CONVERT, id="NUL in the header"),
    pytest.param(plain("lon,łat\n1,2\n".encode("windows-1250")), "UTF-8", id="a header in another encoding"),
    pytest.param(plain("lon,lat\n1,2\n".encode("utf-16")), "UTF-16", id="UTF-16"),
    pytest.param(plain(b"\xef\xbb\xbf"), "empty", id="a byte order mark and nothing else"),
]


@pytest.mark.parametrize(("write", "words"), WHOLE)
async def test_a_hostile_file_is_refused_in_words_and_costs_the_server_nothing(
    tmp_path: Path, write: Callable[[BinaryIO], None], words: str | None
) -> None:
    path = tmp_path / "hostile"
    with path.open("wb") as file:
        await to_thread.run_sync(write, file)
    process, refused, rows = psutil.Process(), "", 0
    before = process.memory_info().rss
    with path.open("rb") as file:
        try:
            async with reading(file, Encoding.UTF_8) as opened:
                async for batch in opened.batches():
                    rows += sum(not isinstance(row, Refused) for row in batch)
        except FileError as error:
            refused = str(error)
    path.unlink()
    assert rows == 0
    assert words is None or words in refused
    assert process.memory_info().rss - before < 100 * MB
    assert [one for one in process.children() if any("reading_child" in word for word in one.cmdline())] == []


@pytest.mark.parametrize("name", ["a.zip", "a.geojson.gz", "A.KMZ", "a.tar", "a.7z", "c:\\data\\a.zip"])
def test_an_archive_is_refused_by_its_name_before_it_is_read(name: str) -> None:
    with pytest.raises(FileError, match="unpack it"):
        form_of_name(name)


@pytest.mark.parametrize("name", ["a.gpkg", "a.vrt", "a.kml", "a.gml", "a.shp", "a.sqlite", "a.xlsx", "a.pdf", "a.fgb"])
def test_any_other_kind_of_file_is_refused_by_its_name_with_a_way_on(name: str) -> None:
    with pytest.raises(FileError, match="ogr2ogr"):
        form_of_name(name)


async def test_over_http_an_archive_is_a_problem_that_says_what_to_do(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    for name, content in (("log.zip", LOG), ("log.csv", zipped(LOG)), ("log.geojson", gzip.compress(LOG))):
        answer = await mara.post("/api/v1/imports/observations", files={"file": (name, content)})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unreadable-file")
        assert "unpack it" in answer.json()["detail"]


SAY = "import json, os, sys, signal\ndef say(**line): print(json.dumps(line), flush=True)\n"
HEADING = 'say(columns=["observed_on", "kind", "people", "lon", "lat"], counted="line")\n'
BATCH = 'say(at=9, rows=[[2, ["2024-03-05", "tent", "2", "2.31", "54.77"], None]])\n'
LIES = {
    "it is killed": HEADING + BATCH + "os.kill(os.getpid(), signal.SIGKILL)",
    "it just ends": HEADING + BATCH,
    "it says nothing": "",
    "it never comes back": HEADING + BATCH + "while True: pass",
    "it sends no JSON": HEADING + BATCH + "print('{')",
    "it sends a line without end": HEADING + "sys.stdout.write('[' * 8_000_000)",
    "it sends what is nested deep": HEADING + "print('[' * 200_000 + ']' * 200_000)",
    "its cells are numbers": HEADING + "say(at=9, rows=[[2, [1, 2, 3, 4, 5], None]])",
    "its cells are too few": HEADING + 'say(at=9, rows=[[2, ["1"], None]])',
    "its line is a text": HEADING + 'say(at=9, rows=[["2", ["", "", "", "", ""], None]])',
    "its geometry is a text": HEADING + 'say(at=9, rows=[[2, ["", "", "", "", ""], "x"]])',
    "its reason rings a bell": HEADING + 'say(at=9, rows=[[2, "\\x1b[2J\\x07"]])',
    "its refusal is long": 'say(wrong="x" * 100_000, names="")',
    "its columns are no names": "say(columns=[1, 2], counted='line')",
    "its rows are too many": HEADING + "say(at=9, rows=[[2, '']] * 100_000)",
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_reader_that_lies_or_dies_is_a_clear_problem_and_nothing_is_written(
    client: Client, town: SmallTown, owner_url: str, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    mara = await client("mara")
    before = look(owner_url, COUNT)
    monkeypatch.setattr(reading_process, "START", SAY + LIES[lie])
    monkeypatch.setattr(reading_process, "PATIENCE_S", 3.0)
    answer = await mara.post("/api/v1/imports/observations?keep_going=true", content=LOG, headers=CSV)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unreadable-file")
    assert answer.json()["detail"] == TOO_MUCH
    assert look(owner_url, COUNT) == before


async def test_a_reader_that_tells_the_truth_is_believed(
    client: Client, town: SmallTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    mara = await client("mara")
    monkeypatch.setattr(reading_process, "START", SAY + HEADING + BATCH + "say(end=True)")
    answer = await mara.post("/api/v1/imports/observations", content=b"whatever it is", headers=CSV)
    assert (answer.status_code, answer.json()["kept"]) == (200, 1)


TRIES = """
import os, socket, subprocess, sys, signal, ctypes
sys.path.append(sys.argv[1])
parent, victim, locked = int(sys.argv[2]), sys.argv[3], sys.argv[4] == "locked"
from geo.reading_lock import lock_in
if locked:
    lock_in(60)
def memory(): bytearray(2 * 1024 ** 3)
def grows():
    os.lseek(0, 0, os.SEEK_END)
    os.write(0, b"more")
def forked():
    if os.fork() == 0: os._exit(0)
tries = dict(
    opens=lambda: open(victim), makes=lambda: open(victim + "2", "w"), renames=lambda: os.rename(victim, victim + "3"),
    lists=lambda: os.listdir("/"), connects=lambda: socket.socket(), pairs=os.pipe, forks=forked,
    removes=lambda: os.unlink(victim + "3"), memory=memory, signals=lambda: os.kill(parent, 0), grows=grows,
)
for name, attempt in tries.items():
    try:
        attempt()
        print(name, "worked", flush=True)
    except (OSError, MemoryError):
        print(name, "failed", flush=True)
print("root" if os.geteuid() == 0 else "nobody in particular", os.environ.get("SECRET", "no secret"), flush=True)
"""


@pytest.mark.parametrize("locked", [True, False])
def test_what_reads_a_file_can_open_make_remove_and_reach_nothing_else(tmp_path: Path, locked: bool) -> None:
    """The control: the same process without its lock can do all of it."""
    victim = tmp_path / "victim"
    victim.write_text("kept")
    said = tried(victim, locked)
    worked = {line.split()[0] for line in said if line.endswith("worked")}
    assert len(said) == 12
    if not locked:
        assert {
            "opens",
            "makes",
            "renames",
            "lists",
            "connects",
            "pairs",
            "forks",
            "removes",
            "memory",
            "grows",
        } <= worked
        return
    assert worked <= (set() if psutil.Process().uids().real == 0 else {"signals", "removes", "renames"})
    assert said[-1] == "nobody in particular no secret"


def tried(victim: Path, locked: bool) -> list[str]:
    with (victim.parent / "input").open("w+b") as file:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", TRIES, str(ROOT), str(psutil.Process().pid), str(victim),
             "locked" if locked else "open"],
            stdin=file, capture_output=True, text=True, env={}, check=True,
        )  # fmt: skip
    return done.stdout.splitlines()
