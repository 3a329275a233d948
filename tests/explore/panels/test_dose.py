from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np
import pytest

from vpresearch.core.errors import LANGUAGES
from vpresearch.data import Dataset
from vpresearch.explore.page import Page
from vpresearch.explore.panels import dose
from vpresearch.regression import firth
from vpresearch.regression.models import leak_design
from vpresearch.regression.risk import dose_risks, log_odds, risk_curve
from vpresearch.render.labels import text


@pytest.mark.parametrize("model", dose.MODELS)
def test_the_panel_says_the_risk_of_the_library(
    page: Page, controls: Callable[..., list[Any]], words: Callable[[], str], model: str
) -> None:
    page.session.panel = "dose"
    controls(widgets.Dropdown)[0].value = model
    cement, volume = controls(widgets.FloatSlider)
    cement.value, volume.value = 3.4, 21.5
    study = leak_design(page.session.study.rows)
    row = dose_risks(study, log_odds(study, model), [3.4], [21.5]).iloc[0]
    shown = {name: 100 * float(row[name]) for name in ("risk", "ci_low", "ci_high")}
    assert text("explore.fill_is", "en", fill=float(row["fill_percent"])) in words()
    assert text("explore.risk_is", "en", **shown) in words()


def test_beyond_the_vertebrae_it_says_so(
    page: Page, controls: Callable[..., list[Any]], words: Callable[[], str]
) -> None:
    page.session.panel = "dose"
    cement, volume = controls(widgets.FloatSlider)
    assert text("explore.extrapolated", "en") not in words()
    cement.value, volume.value = 6.0, 10.0
    assert text("explore.extrapolated", "en") in words()


def test_separated_rows_have_a_reason_and_no_risk(
    page: Page, controls: Callable[..., list[Any]], words: Callable[[], str]
) -> None:
    page.session.panel = "dose"
    controls(widgets.Checkbox)[0].value = True
    for model in dose.MODELS:
        controls(widgets.Dropdown)[0].value = model
        assert "There is no risk to give: complete separation" in words()


def test_of_separated_rows_only_firth_has_a_slope(drawn: Dataset) -> None:
    fits = dose.fitted(drawn, separated=True)
    assert fits.design.events == leak_design(drawn.rows).events
    assert np.isnan([fits.slopes[model].estimate for model in ("ml", "gee_kc")]).all()
    assert fits.slopes["flic"] == firth.fit(fits.design)[1]
    assert fits.slopes["flic"].estimate > 0


def test_the_column_of_reasons_is_there_only_with_a_reason_and_no_interval_is_one_dash(drawn: Dataset) -> None:
    assert text("explore.why", "en") not in dose.slopes_table(dose.fitted(drawn), "ml", "en")
    separated = dose.slopes_table(dose.fitted(drawn, separated=True), "ml", "en")
    assert text("explore.why", "en") in separated
    assert "– to –" not in separated


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_firth_gives_of_separated_rows_hangs_on_the_penalty(drawn: Dataset, language: str) -> None:
    fits = dose.fitted(drawn, separated=True)
    likelihood = text("fit_reason.complete_separation", language)
    penalty = text("explore.penalised", language, why=likelihood.split(":")[0])
    said = {model: dose.reason_of(slope, language) for model, slope in fits.slopes.items()}
    assert said == {"ml": likelihood, "flic": penalty, "gee_kc": likelihood}


def test_the_picture_is_the_curve_of_the_library(drawn: Dataset) -> None:
    fits = dose.fitted(drawn)
    spec = dose.draw(fits, "ml", dose.risk_at(fits, "ml", 2.0, 25.0), "en")
    (band,) = [mark for mark in spec["marks"] if mark["kind"] == "band"]
    lines = [mark for mark in spec["marks"] if mark["kind"] == "line"]
    x = np.array(band["x"])
    curve = risk_curve(fits.design, log_odds(fits.design, "ml"), x)
    np.testing.assert_allclose(band["low"], 100 * curve["ci_low"])
    np.testing.assert_allclose([point["y"] for point in lines[0]["points"]], 100 * curve["risk"])
    assert len(lines[1]["points"]) == int((~curve["extrapolated"]).sum())
