from __future__ import annotations

import math

import numpy as np

from vpresearch.data import Dataset
from vpresearch.regression import logistic
from vpresearch.regression.models import ADJUSTMENTS, leak_design, specification_curve


def test_every_choice_is_there_once(shipped: Dataset) -> None:
    curve = specification_curve(shipped.rows)
    choices = [(each.unit, each.adjustment, each.slope.model) for each in curve]
    assert len(set(choices)) == len(choices)
    assert {each.adjustment for each in curve if each.unit == "vertebrae"} == set(ADJUSTMENTS)
    assert {each.slope.term for each in curve} == {"fill_percent"}
    assert {each.slope.n for each in curve} == {41, 27}


def test_an_adjusted_slope_is_that_of_its_model(shipped: Dataset) -> None:
    expected = logistic.fit(leak_design(shipped.rows, ("fill_percent", "vertebral_volume_cc")))[1]
    (found,) = [
        each.slope
        for each in specification_curve(shipped.rows)
        if (each.unit, each.adjustment, each.slope.model) == ("vertebrae", "volume", "ml")
    ]
    assert found == expected


def test_separated_data_give_reasons(shipped: Dataset) -> None:
    rows = shipped.rows.copy()
    rows["leak"] = np.where(rows["fill_percent"] > rows["fill_percent"].median(), "yes", "no")
    for each in specification_curve(rows):
        if each.slope.model != "firth" and each.unit == "vertebrae":
            assert math.isnan(each.slope.estimate)
            assert each.slope.reason == "complete_separation"
