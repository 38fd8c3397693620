"""The basemap: everything drawn, as features in degrees, six decimals, streets with their names."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import MultiPolygon, Point, Polygon, box

from data.doggerstad.building import Building
from data.doggerstad.land import Land, Scene
from data.doggerstad.name import LAST, street_names
from data.doggerstad.projection import to_lonlat
from data.doggerstad.quarter import DISTRICTS
from data.doggerstad.record import BasemapFeature
from data.doggerstad.road import Road
from data.doggerstad.water import FRAME, Water

NAMED_FROM = {
    "residential": 160.0,
    "quay": 120.0,
    "alley": 70.0,
    "service": 250.0,
    "path": 350.0,
    "bridge": 0.0,
    "secondary": 0.0,
}
"""A street shorter than this many metres has no name on the map."""


@dataclass(frozen=True)
class Drawing:
    """All that is drawn, in metres."""

    scene: Scene
    roads: list[Road]
    buildings: list[Building]
    squares: list[Polygon]
    market: Polygon
    districts: dict[str, MultiPolygon]


def make_basemap(drawing: Drawing) -> list[BasemapFeature]:
    water, land = drawing.scene.water, drawing.scene.land
    features = list(_water(water, land))
    features += [BasemapFeature("park", green.kind, green.name or None, green.geom) for green in land.greens]
    features += [BasemapFeature("park", "green", None, square) for square in drawing.squares]
    features += [BasemapFeature("building", b.kind, b.name, b.geom) for b in drawing.buildings]
    features += [BasemapFeature("rail", "track", None, track.simplify(1)) for track in land.tracks]
    features += _streets(drawing.scene.rng, drawing.roads)
    features += [BasemapFeature("place", "square", "Old Market", drawing.market)]
    features += [
        BasemapFeature("place", "district", DISTRICTS[code][0], _label(shape))
        for code, shape in drawing.districts.items()
    ]
    return [_placed(feature) for feature in features]


def _water(water: Water, land: Land) -> Iterator[BasemapFeature]:
    yield BasemapFeature("water", "sea", "North Sea", water.sea)
    yield BasemapFeature("water", "river", "Silver", water.river)
    yield BasemapFeature("water", "stream", "Hazel Brook", water.brook)
    for basin, name in zip(water.basins.geoms, ("Herring Dock", "Timber Dock", "Coal Dock", "Outer Dock"), strict=True):
        yield BasemapFeature("water", "harbour", name, basin)
    for name, canal in water.canals.items():
        yield BasemapFeature("water", "canal", name, canal)
    yield BasemapFeature("water", "canal", "Town Moat", water.moat)
    for pond in land.ponds:
        yield BasemapFeature("water", "pond", None, pond)


def _streets(rng: np.random.Generator, roads: list[Road]) -> Iterator[BasemapFeature]:
    names = {kind: street_names(rng, kind) for kind in LAST}
    for road in roads:
        name = road.name or None
        if name is None and road.geom.length >= NAMED_FROM.get(road.kind, 1e9):
            name = next(names[road.kind])
        yield BasemapFeature("street", road.kind, name, road.geom)


def _label(shape: MultiPolygon) -> Point:
    return Point(shapely.maximum_inscribed_circle(shape, tolerance=20.0).coords[0])


def _placed(feature: BasemapFeature) -> BasemapFeature:
    """Clipped to the sheet, simplified to what a screen shows, in degrees."""
    geom = feature.geom if feature.geom.within(_SHEET) else feature.geom.intersection(_SHEET)
    if feature.layer in {"water", "park"} or feature.kind == "built-up":
        geom = geom.simplify(1.0)
    rounded = to_lonlat(geom)
    if not rounded.is_valid:
        rounded = shapely.set_precision(rounded, 1e-6)
    return BasemapFeature(feature.layer, feature.kind, feature.name, rounded)


_SHEET = box(*FRAME)
