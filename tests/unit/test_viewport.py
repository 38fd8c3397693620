"""A viewport is asked for by cells that hold all of it, and small enough ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.grid import cell_of
from geo.viewport import MOST_CELLS, Box, cells_touched


@given(
    st.floats(-9.5, 30), st.floats(36, 70), st.floats(0.0001, 0.3), st.floats(0.0001, 0.2), st.sampled_from([100, 1000])
)
def test_every_point_of_a_box_lies_in_one_of_its_cells(
    west: float, south: float, width: float, height: float, metres: int
) -> None:
    box = Box(west, south, west + width, south + height)
    cells = cells_touched(box, metres, most=2_000_000)
    assert cells is not None
    held = set(cells)
    for lon in np.linspace(box.west, box.east, 14):
        for lat in np.linspace(box.south, box.north, 14):
            assert cell_of(float(lon), float(lat), metres) in held


def test_a_box_of_a_square_kilometre_has_few_cells_and_a_country_too_many() -> None:
    street = Box(3.7129, 51.0455, 3.7271, 51.0545)
    assert len(cells_touched(street, 100) or []) <= 200
    assert cells_touched(Box(2.5, 49.5, 6.4, 51.5), 1000) is None
    assert cells_touched(Box(-180, -90, 180, 90), 1000) is None
    assert len(cells_touched(street, 1000, MOST_CELLS) or []) <= 9


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,0,1,1", "0,0,inf,1", "1,0,0,1", "0,1,1,0", "0,0,181,1"]
)
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="west,south,east,north"):
        Box.read(text)
