"""Curves: smooth lines through a few points, rings around a centre, ribbons of changing width."""

from collections.abc import Sequence

import numpy as np
from shapely import LineString, Polygon

from data.doggerstad.projection import Points


def smooth(points: Sequence[tuple[float, float]] | Points, step: float = 40.0, closed: bool = False) -> Points:
    """A centripetal Catmull–Rom line through the points, about one vertex every `step` metres; shape (n, 2)."""
    knots = np.asarray(points, dtype=np.float64)
    knots = np.vstack([knots[-1], knots, knots[0], knots[1]]) if closed else _with_ends(knots)
    pieces = []
    for a, b, c, d in zip(knots[:-3], knots[1:-2], knots[2:-1], knots[3:], strict=True):
        count = max(2, int(np.hypot(*(c - b)) / step) + 1)
        before, t2, after = (np.hypot(*(end - start)) ** 0.5 for start, end in ((a, b), (b, c), (c, d)))
        at = np.linspace(0.0, t2, count, endpoint=False)[:, None]
        t3 = t2 + after
        a1 = -at / before * a + (at + before) / before * b
        a2 = (t2 - at) / t2 * b + at / t2 * c
        a3 = (t3 - at) / after * c + (at - t2) / after * d
        b1 = (t2 - at) / (t2 + before) * a1 + (at + before) / (t2 + before) * a2
        b2 = (t3 - at) / t3 * a2 + at / t3 * a3
        pieces.append((t2 - at) / t2 * b1 + at / t2 * b2)
    pieces.append(knots[-2:-1])
    return np.vstack(pieces)


def _with_ends(knots: Points) -> Points:
    return np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])


def polar(angle: float | Points, radius: float | Points) -> Points:
    """Points at angles (degrees, counter-clockwise from east) and radii (metres) around the origin; shape (n, 2)."""
    turn = np.radians(np.atleast_1d(np.asarray(angle, dtype=np.float64)))
    far = np.broadcast_to(np.asarray(radius, dtype=np.float64), turn.shape)
    return np.column_stack([far * np.cos(turn), far * np.sin(turn)])


def ribbon(line: Points, widths: Points) -> Polygon:
    """The band around a line that is `widths` metres wide, one width a vertex."""
    along = np.gradient(line, axis=0)
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    normal = np.column_stack([-along[:, 1], along[:, 0]]) * (np.asarray(widths)[:, None] / 2)
    band = Polygon(np.vstack([line + normal, (line - normal)[::-1]]))
    return _whole(band)


def _whole(band: Polygon) -> Polygon:
    """A ribbon's inner bends may cross themselves; what remains is the outside."""
    mended = band.buffer(0)
    return mended if isinstance(mended, Polygon) else max(mended.geoms, key=lambda part: part.area)


def blob(at: tuple[float, float], width: float, height: float, turn: float, lobes: Sequence[float]) -> Polygon:
    """A rounded shape with the given axes (metres), turned by degrees; `lobes` push its sides in and out."""
    angles = np.linspace(0, 2 * np.pi, len(lobes), endpoint=False)
    reach = 1 + np.asarray(lobes)
    knots = np.column_stack([np.cos(angles) * width / 2 * reach, np.sin(angles) * height / 2 * reach])
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    knots = knots @ np.array([[c, s], [-s, c]]) + np.asarray(at)
    return Polygon(smooth(knots, step=30, closed=True)).buffer(0)


def line(points: Sequence[tuple[float, float]] | Points, step: float = 40.0) -> LineString:
    """A smooth line through the points, as a geometry."""
    return LineString(smooth(points, step))
