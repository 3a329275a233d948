from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np

from vpresearch.data import Dataset
from vpresearch.explore.chart import SeedBox
from vpresearch.explore.page import Page
from vpresearch.explore.panels import resample
from vpresearch.inference import compare_by_leak, student
from vpresearch.render.labels import p_value


def test_a_draw_is_of_whole_patients(drawn: Dataset) -> None:
    rows = drawn.rows
    names = sorted(set(rows["patient_id"]))
    taken = np.random.default_rng([3, 1]).integers(27, size=27)
    parts = [rows[rows["patient_id"] == names[at]] for at in taken]
    values = {
        leak: np.concatenate([part.loc[part["leak"] == leak, "vas_pre"] for part in parts]) for leak in ("no", "yes")
    }
    found = resample.resampled(drawn, "vas_pre", 3, 1)
    assert np.isclose(found.p_value, student(values["no"], values["yes"]).p_value)
    assert np.isclose(found.difference, values["yes"].mean() - values["no"].mean())


def test_groups_too_small_have_no_p() -> None:
    assert np.isnan(resample.compared(np.array([1.0]), np.array([1.0, 2.0])).p_value)
    assert np.isnan(resample.compared(np.array([1.0, 1.0]), np.array([2.0, 2.0])).p_value)
    assert np.isnan(resample.compared(np.array([]), np.array([2.0, 3.0])).difference)


def test_p_dances_from_draw_to_draw(
    page: Page, controls: Callable[..., list[Any]], plots: Callable[[], list[Any]], words: Callable[[], str]
) -> None:
    page.session.panel = "resample"
    study = page.session.study
    controls(widgets.Dropdown)[0].value = "cement_volume_cc"
    own = compare_by_leak(study, "cement_volume_cc").tests["student"].p_value
    assert f"These data: p = {p_value(own, 'en')}" in words()
    one, many, _ = controls(widgets.Button)
    one.click()
    many.click()
    seed = controls(SeedBox)[0].number
    p = [resample.resampled(study, "cement_volume_cc", seed, turn).p_value for turn in range(1, 27)]
    shown = sorted(
        point["y"] for mark in plots()[0].spec["marks"] if mark["kind"] == "points" for point in mark["points"]
    )
    np.testing.assert_allclose(shown, sorted(p))
    assert f"26 draws: p from {p_value(min(p), 'en').replace('<', '&lt;')} to {p_value(max(p), 'en')}" in words()
    assert max(p) - min(p) > 0.2
    # Kept while another panel is looked at.
    page.session.panel = "walk"
    page.session.panel = "resample"
    page.session.language = "es"
    page.session.language = "en"
    assert "26 draws" in words()
    controls(widgets.Button)[2].click()
    assert "26 draws" not in words()
    box = controls(SeedBox)[0]
    assert box.number != seed
    box.value = str(seed)
    for _ in range(2):
        box.value = "x"
        assert box.value == str(seed)
    controls(widgets.Button)[0].click()
    (dot,) = (point["y"] for mark in plots()[0].spec["marks"] if mark["kind"] == "points" for point in mark["points"])
    assert dot == p[0]
