from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np

from vpresearch.explore.page import Page
from vpresearch.explore.panels import source
from vpresearch.explore.session import member
from vpresearch.regression import logistic
from vpresearch.regression.models import leak_design


def test_a_point_is_the_slope_and_p_of_its_reconstruction() -> None:
    spec = source.draw("en")
    points = {point["id"]: point for mark in spec["marks"] for point in mark.get("points", []) if "id" in point}
    assert len(points) == 506
    for at in (0, 16, 499, 500, 503):
        slope = logistic.fit(leak_design(member(*source.of_identity(at)).rows))[1]
        np.testing.assert_allclose(
            [points[at]["x"], points[at]["y"]], [np.exp(slope.estimate), slope.p_value], rtol=1e-6
        )


def test_a_picked_point_is_looked_at_by_every_panel(
    page: Page, plots: Callable[[], list[Any]], controls: Callable[..., list[Any]]
) -> None:
    page.session.panel = "source"
    plots()[0].picked = {"id": 502, "turn": 1}
    assert page.session.member == ("extreme", 3)
    assert controls(widgets.Dropdown)[0].value == ("extreme", 3)
    page.session.panel = "walk"
    first = member("extreme", 3).rows.iloc[0]
    points = {point["id"]: point for mark in plots()[0].spec["marks"] for point in mark["points"]}
    assert points[0]["x"] == first["vertebral_volume_cc"]
