"""Which files are taken, decided by their name: from a list, and before anything of them is read."""

from enum import StrEnum
from pathlib import PurePath

from geo.record import FileError


class FileForm(StrEnum):
    """What a file is read as. JSON is a GeoJSON collection or a sequence of features."""

    JSON = "json"
    CSV = "csv"


BY_SUFFIX = {
    ".geojson": FileForm.JSON,
    ".geojsonl": FileForm.JSON,
    ".geojsons": FileForm.JSON,
    ".json": FileForm.JSON,
    ".jsonl": FileForm.JSON,
    ".ndjson": FileForm.JSON,
    ".csv": FileForm.CSV,
    ".tsv": FileForm.CSV,
    ".txt": None,
    "": None,
}
"""None where the first bytes say which of the two it is."""

PACKED = {".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".zst", ".7z", ".rar", ".kmz", ".shz"}
UNPACK = "This is an archive. Archives are not opened here: unpack it, and send the GeoJSON or CSV that is in it."
CONVERT = (
    "This kind of file is not read here. GeoJSON, GeoJSONSeq and CSV are: save it as one of these where it was made, "
    "or with ogr2ogr -t_srs EPSG:4326 out.geojson, and send that."
)


def form_of_name(name: str) -> FileForm | None:
    """What a file of this name is read as; None where its name does not say. Raises FileError for all other names."""
    suffix = PurePath(name.replace("\\", "/")).suffix.lower()
    if suffix in BY_SUFFIX:
        return BY_SUFFIX[suffix]
    raise FileError(UNPACK if suffix in PACKED else CONVERT)
