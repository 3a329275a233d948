from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from vpresearch.explore.page import Page
from vpresearch.explore.panels import size
from vpresearch.regression import gee
from vpresearch.regression.design import Estimate
from vpresearch.regression.models import leak_design
from vpresearch.regression.precision import TENTH, clusters_by_t, precision
from vpresearch.render.labels import text


def test_the_panel_says_the_precision_of_the_library(
    page: Page, controls: Callable[..., list[Any]], words: Callable[[], str]
) -> None:
    page.session.panel = "size"
    slope = gee.fit(leak_design(page.session.study.rows))[1]
    (patients,), (ratio,) = controls(widgets.SelectionSlider), controls(widgets.FloatSlider)
    patients.value = max(patients.options)
    ratio.value = 1.2
    true = replace(slope, estimate=math.log(1.2))
    row = precision(true, [2000]).iloc[0]
    assert f"power {100 * row['power']:.0f}%" in words()
    low, high = (math.exp(math.log(1.2) + side * row["half_width"]) for side in (-1, 1))
    assert f"expected 95% CI {low:.2f} to {high:.2f}" in words()
    needed = {"power": clusters_by_t(true, power=0.8), "tenth": clusters_by_t(true, half_width=TENTH)}
    assert text("explore.size_needed", "en", **{name: f"{int(n):,}" for name, n in needed.items()}) in words()


def test_the_panel_supposes_an_effect_of_its_own_and_at_the_size_there_is_gives_the_interval_of_dose(
    page: Page, controls: Callable[..., list[Any]], words: Callable[[], str]
) -> None:
    page.session.panel = "size"
    (ratio,) = controls(widgets.FloatSlider)
    assert ratio.value == size.SUPPOSED
    slope = gee.fit(leak_design(page.session.study.rows))[1]
    (half,) = precision(slope, [slope.clusters])["half_width"]
    assert math.isclose(half, slope.ci_high - slope.estimate)
    assert "log odds" not in words()


def test_no_effect_is_told_from_none_by_no_number_of_patients() -> None:
    slope = Estimate("gee_kc", "leak", "fill_percent", "", 0.1, 0.06, n=41, events=15, clusters=27)
    assert "would take ∞ patients" in size.told(slope, 1.0, 100, "en")


def test_without_a_slope_there_is_a_reason() -> None:
    slope = Estimate("gee_kc", "leak", "fill_percent", "", clusters=27, reason="complete_separation")
    assert "complete separation" in size.told(slope, 1.1, 100, "en")
    assert [mark["kind"] for mark in size.draw(slope, 1.1, 100, "en")["marks"]] == ["line"]
