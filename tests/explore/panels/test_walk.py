from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np

from vpresearch.data import Dataset
from vpresearch.explore.page import Page
from vpresearch.explore.panels import walk
from vpresearch.render.labels import number


def test_a_picked_vertebra_is_marked_in_every_plot_with_its_patients_others(
    page: Page, plots: Callable[[], list[Any]], controls: Callable[..., list[Any]], words: Callable[[], str]
) -> None:
    study, first = page.session.study, plots()[0]
    assert len(plots()) == 4
    first.picked = {"id": 7, "turn": 1}
    patient = study.vertebrae["patient_id"]
    others = [at for at in range(len(patient)) if patient[at] == patient[7] and at != 7]
    assert [plot.marked for plot in plots()] == [{"selected": 7, "related": others}] * 4
    assert controls(widgets.BoundedIntText)[0].value == 8
    assert number(float(study.rows["fill_percent"][7]), 1, "en") in words()
    controls(widgets.BoundedIntText)[0].value = 3
    assert plots()[3].marked["selected"] == 2


def test_a_plot_shows_each_vertebra_once_where_it_is(drawn: Dataset) -> None:
    spec = walk.scatter(drawn, "vertebral_volume_cc", "cement_volume_cc", "en")
    points = {point["id"]: point for mark in spec["marks"] for point in mark["points"]}
    assert sorted(points) == list(range(41))
    assert [len(mark["points"]) for mark in spec["marks"]] == [26, 15]
    for at, point in points.items():
        row = drawn.rows.loc[at]
        assert (point["x"], point["y"]) == (row["vertebral_volume_cc"], row["cement_volume_cc"])
        assert row["level"] in point["label"]


def test_points_of_equal_scores_are_set_apart_by_less_than_a_point(drawn: Dataset) -> None:
    spec = walk.scatter(drawn, "vas_pre", "vas_1y", "en")
    points = [point for mark in spec["marks"] for point in mark["points"]]
    assert len({(point["x"], point["y"]) for point in points}) == 41
    for point in points:
        assert abs(point["x"] - drawn.rows.loc[point["id"], "vas_pre"]) < 0.5
        assert spec["x"]["low"] < point["x"] < spec["x"]["high"]
        assert spec["y"]["low"] < point["y"] < spec["y"]["high"]


def test_equal_points_are_spread_about_their_value_and_a_lone_one_is_not_moved(drawn: Dataset) -> None:
    spec = walk.scatter(drawn, "vas_pre", "vas_1y", "en")
    there: dict[tuple[float, float], list[tuple[float, float]]] = {}
    for point in (point for mark in spec["marks"] for point in mark["points"]):
        row = drawn.rows.loc[point["id"]]
        there.setdefault((row["vas_pre"], row["vas_1y"]), []).append((point["x"], point["y"]))
    assert {1, 8} <= {len(points) for points in there.values()}
    for value, points in there.items():
        np.testing.assert_allclose(np.mean(points, axis=0), value, atol=1e-9)


def test_no_complication_is_said_by_its_word_and_a_lost_score_by_a_dash(
    page: Page, words: Callable[[], str], drawn: Dataset
) -> None:
    assert drawn.rows["complication"].isna()[0]
    assert "None" in dict(walk.describe(drawn, 0, "en"))["Complication"]
    page.session.language = "es"
    assert ">Ninguna<" in words()
    assert walk.cell("vas_1y", float("nan"), "es") == "–"


def test_a_column_that_is_missing_draws_nothing(drawn: Dataset) -> None:
    assert walk.scatter(drawn, "odi_1m", "odi_pre", "en") == {}
