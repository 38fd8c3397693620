"""The heat map: visits by cell and month on one Folium figure, by effort, by encounters or by rate."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from geo.compact import encode_cells, encode_polygons
from geo.coverage_map import LEAST_EFFORTS, cell_words
from geo.folium_map import Basemap, CellSquares, Drawn, Shapes, draw, without_places
from geo.grid import cell_squares
from geo.heat import Heat
from geo.outline import Outline
from geo.selection import Period
from geo.viewport import Bounds
from geo.voice import MONTH, YEAR, Voice


def heat_map(
    heat: Heat | None, voice: Voice, basemap: dict[str, Any], bounds: Bounds, districts: Iterable[Outline] = ()
) -> Drawn:
    """Draws heat over the outlines of the districts; with None, draws the same figure empty."""
    say = voice.text
    outlines = [
        {"polygons": encode_polygons(place.shape), "title": place.name, "lines": [], "label": place.name}
        for place in districts
    ]
    cells = CellSquares("cells", say("Cells"), _cells(heat, voice))
    layers = [
        Basemap("basemap", say("Basemap"), without_places(basemap) if outlines else basemap),
        cells,
        Shapes("districts", say("Districts"), {"look": "district", "shapes": outlines}),
    ]
    return draw("heat", say("Heat map"), layers, _bounds(heat) or bounds, steered=cells)


def step_names(steps: list[Period], voice: Voice) -> list[str]:
    """The whole period, then each step: the name of its month, or its year."""
    style = YEAR if any((step.last - step.first).days > 31 for step in steps) else MONTH
    return [voice.text("Whole period"), *(voice.date(step.first, style) for step in steps)]


def _cells(heat: Heat | None, voice: Voice) -> dict[str, Any]:
    return {
        "levels": [encode_cells(cells) for cells in heat.cells.values()] if heat else [],
        "least": LEAST_EFFORTS,
        "look": "heat",
        "steps": step_names(heat.steps, voice) if heat else [],
        "words": cell_words(voice),
    }


def _bounds(heat: Heat | None) -> Bounds | None:
    """Around the cells that hold all but the outermost hundredth of the searches."""
    if heat is None or not len(heat.cells[1000]):
        return None
    cells = heat.cells[1000]
    weight = cells.efforts.sum(axis=1)
    order = np.argsort(weight)
    kept = cells.numbers[order][np.cumsum(weight[order]) > weight.sum() / 100]
    boxes = np.array([square.bounds for square in cell_squares([int(number) for number in kept], 1000)])
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    return (float(west), float(south), float(east), float(north))
