from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vpresearch.explore import chart


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.integers(3, 9))
def test_an_axis_holds_what_must_be_on_it_with_even_ticks(low: float, width: float, most: int) -> None:
    axis = chart.axis("", low, low + width, "en", most)
    assert axis.low <= low + 1e-6 * width
    assert axis.high >= low + width - 1e-6 * width
    places = [at for at, _ in axis.ticks]
    steps = [after - before for before, after in pairwise(places)]
    assert max(steps) - min(steps) < 1e-6 * max(1.0, abs(low))
    assert len(places) <= most + 3
    assert len({words for _, words in axis.ticks}) == len(places)


def test_an_axis_of_one_value_has_room() -> None:
    axis = chart.axis("", 3.0, 3.0, "en")
    assert axis.low < 3.0 < axis.high


def test_groups_differ_by_shape_and_by_colour() -> None:
    assert len(set(chart.SHAPES.values())) == len(set(chart.COLOURS.values())) == 2
