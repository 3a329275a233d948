from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from tests.figures.layout import Seen, assert_sound
from tests.parts import of
from vpresearch import implied
from vpresearch.core.paths import RECONSTRUCTION
from vpresearch.data import load
from vpresearch.figures import identified_range
from vpresearch.render import labels
from vpresearch.render.figure import COLOURS
from vpresearch.results import Results

NAN = math.nan


def places(line: Line2D) -> list[float]:
    return [float(x) for x in np.asarray(line.get_xdata())]


def names(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def rows_of(line: Line2D) -> set[float]:
    return {float(y) for y in np.asarray(line.get_ydata())}


def fitted(fits: pd.DataFrame) -> Results:
    return of(load(RECONSTRUCTION), fits=fits)


@pytest.fixture(scope="module")
def fits() -> pd.DataFrame:
    drawn, extreme = (implied.shipped()[source] for source in ("drawn", "extreme"))
    return implied.fits({"drawn": drawn.take(range(12)), "extreme": extreme})


def test_every_reconstruction_has_a_dot_in_the_row_of_every_model(fits: pd.DataFrame) -> None:
    figure = identified_range(fitted(fits), "en")
    assert figure.data.equals(fits)
    assert figure.reconstruction
    assert f"({12 + fits.loc[fits['source'] == 'extreme', 'number'].nunique()} reconstructions)" in figure.caption
    (axes,) = figure.canvas.axes
    kinds = fits[["unit", "adjustment"]].drop_duplicates()
    row = 0
    for unit, adjustment in zip(kinds["unit"], kinds["adjustment"], strict=True):
        of_kind = fits[(fits["unit"] == unit) & (fits["adjustment"] == adjustment)]
        row += 1
        for model in of_kind["model"].unique():
            own = of_kind[of_kind["model"] == model]
            drawn = own["source"] == "drawn"
            assert names(axes)[row] == labels.text(f"model.{model}", "en")
            there = [line for line in axes.lines if rows_of(line) and all(abs(y - row) < 0.45 for y in rows_of(line))]
            dots = sorted(x for line in there if line.get_marker() == "o" for x in places(line))
            assert dots == sorted(own.loc[drawn, "slope"])
            assert sorted(x for line in there if line.get_marker() == "D" for x in places(line)) == sorted(
                own.loc[~drawn, "slope"]
            )
            (ends,) = (places(line) for line in there if line.get_marker() == "|")
            assert ends == [own["slope"].min(), own["slope"].max()]
            row += 1
    assert row == len(names(axes))


def fit(number: int, slope: float, p_value: float, source: str = "drawn") -> dict[str, object]:
    reason = "complete_separation" if math.isnan(slope) else ""
    kind = {"source": source, "number": number, "model": "ml", "unit": "patients", "adjustment": "volume"}
    return {**kind, "slope": slope, "p_value": p_value, "reason": reason}


def test_a_dot_is_coloured_by_its_p_and_what_has_no_fit_is_counted() -> None:
    table = pd.DataFrame(
        [fit(0, 0.1, 0.2), fit(1, 0.4, 0.01), fit(2, NAN, NAN), fit(3, 0.2, 0.05), fit(0, -0.3, 0.3, "extreme")]
    )
    (axes,) = identified_range(fitted(table), "en").canvas.axes
    assert names(axes) == ["Patients, adjusted for vertebral volume", "Maximum likelihood"]
    dots = {
        to_hex(str(line.get_color())).upper(): sorted(x for x in places(line) if not math.isnan(x))
        for line in axes.lines
        if line.get_marker() == "o" and places(line)
    }
    assert dots == {COLOURS["no"]: [0.1, 0.2], COLOURS["yes"]: [0.4]}
    assert [text.get_text() for text in axes.texts] == ["−0.300 to 0.400; no fit: 1"]


def test_the_range_is_sound_and_says_that_it_is_no_probability(fits: pd.DataFrame, seen: Seen) -> None:
    assert_sound(lambda language: identified_range(fitted(fits), language), seen)
    legend = identified_range(fitted(fits), "es").canvas.axes[0].get_legend()
    assert legend is not None
    assert "no lo probable" in legend.get_title().get_text()
