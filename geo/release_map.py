"""A release on a Folium map, drawn from the stored file and from nothing else."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from shapely.geometry import shape

from geo.compact import encode_polygons
from geo.folium_map import Basemap, Drawn, Shapes, draw, without_places
from geo.viewport import Bounds
from geo.voice import Voice

CLASSES = 5


@dataclass(frozen=True)
class Step:
    """One shade of the legend: values from `low` to `high`, both included."""

    low: int
    high: int


@dataclass(frozen=True)
class ReleaseMap:
    """The figure, its legend from the lightest shade on, and how many shapes are shown and not shown."""

    drawn: Drawn
    legend: list[Step]
    shown: int
    hidden: int


def release_map(body: bytes | None, voice: Voice, basemap: dict[str, Any], bounds: Bounds) -> ReleaseMap:
    """Draws the file of a release (see geo/release_file.py); with None, draws the same figure empty."""
    document: dict[str, Any] = json.loads(body) if body else {"features": [], "release": {"threshold": 0}}
    features = document["features"]
    steps = legend([each["properties"]["value"] for each in features if each["properties"]["shown"]])
    least = document["release"]["threshold"]
    shapes = [_shape(each, steps, least, voice) for each in features]
    named = any(each["properties"].get("name") for each in features)
    layers = [
        Basemap("basemap", voice.text("Basemap"), without_places(basemap) if named else basemap),
        Shapes("counts", voice.text("Active sites"), {"look": "count", "shapes": shapes}),
    ]
    around = [shape(each["geometry"]).bounds for each in features]
    west, south, east, north = zip(*(around or [bounds]), strict=True)
    shown = sum(each["properties"]["shown"] for each in features)
    return ReleaseMap(
        draw("release", voice.text("Map of the release"), layers, (min(west), min(south), max(east), max(north))),
        steps,
        shown,
        len(features) - shown,
    )


def legend(values: Sequence[int]) -> list[Step]:
    """At most CLASSES steps from the least value to the greatest, each about as much larger than the one before."""
    if not values:
        return []
    least, most = min(values), max(values)
    found = np.unique(np.rint(np.geomspace(max(1, least), most + 1, CLASSES + 1)).astype(int)).tolist()
    starts = [least, *(start for start in found if least < start <= most)]
    return [Step(low, high) for low, high in zip(starts, [*(each - 1 for each in starts[1:]), most], strict=True)]


def _shape(feature: dict[str, Any], steps: list[Step], least: int, voice: Voice) -> dict[str, Any]:
    found, say, number = feature["properties"], voice.text, voice.number
    name = found.get("name")
    drawn = {"polygons": encode_polygons(shape(feature["geometry"])), "title": name or found["code"]}
    if not found["shown"]:
        words = say("fewer than %(least)s, or none", least=number(least))
        return {**drawn, "lines": [words], "label": name or "", "class": 0}
    value = found["value"]
    return {
        **drawn,
        "lines": [
            say("about %(value)s active sites", value=number(value)),
            say("between %(low)s and %(high)s", low=number(found["low"]), high=number(found["high"])),
        ],
        "label": f"{name}\n{number(value)}" if name else number(value),
        "class": 1 + max(index for index, step in enumerate(steps) if step.low <= value),
    }
