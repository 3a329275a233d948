from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets as widgets
import pytest

from vpresearch.data import Dataset
from vpresearch.explore.chart import NumberBox
from vpresearch.explore.page import Page
from vpresearch.explore.panels import drag
from vpresearch.explore.session import moved
from vpresearch.inference import compare_by_leak
from vpresearch.published import Paper
from vpresearch.regression import gee
from vpresearch.regression.models import leak_design
from vpresearch.render.labels import odds_ratio, p_value, text
from vpresearch.scorecard import scorecard


@pytest.mark.parametrize(
    ("volume", "cement", "leak"), [(45.0, None, None), (None, 9.5, None), (40.0, 0.4, None), (None, None, "other")]
)
def test_the_slim_verdicts_are_those_of_the_whole_scorecard(
    drawn: Dataset, paper: Paper, volume: float | None, cement: float | None, leak: str | None
) -> None:
    row: Any = drawn.vertebrae.loc[5]
    wanted = {"yes": "no", "no": "yes"}[row["leak"]] if leak else row["leak"]
    other = moved(drawn, 5, volume or row["vertebral_volume_cc"], cement or row["cement_volume_cc"], wanted)
    claims = drag.touched(drag.changed_columns(drawn, other, 5))
    found = drag.verdicts(other, claims)
    whole = {row.claim.id: row for row in scorecard(paper, other)}
    before = {row.claim.id: row for row in scorecard(paper, drawn)}
    assert {name: (row.verdict, row.rounded) for name, row in found.items()} == {
        name: (whole[name].verdict, whole[name].rounded) for name in found
    }
    # And no other verdict changes.
    assert all(whole[name].rounded == before[name].rounded for name in whole if name not in found)


def test_dragging_tells_p_and_odds_ratio_of_the_library(
    page: Page, controls: Callable[..., list[Any]], plots: Callable[[], list[Any]], words: Callable[[], str]
) -> None:
    page.session.panel = "drag"
    study = page.session.study
    controls(widgets.Dropdown)[0].value = "gee_kc"
    plots()[0].moved = {"id": 0, "x": 44.0, "y": 5.5}
    other = moved(study, 0, 44.0, 5.5, str(study.vertebrae.loc[0, "leak"]))
    for name in ("vertebral_volume_cc", "cement_volume_cc", "fill_percent"):
        comparison = compare_by_leak(other, name)
        shown = f"{p_value(comparison.result.p_value, 'en')} ({text(f'test.{comparison.chosen}', 'en')})"
        assert shown.replace("'", "&#x27;") in words()
    slope = gee.fit(leak_design(other.rows))[1]
    assert f"{odds_ratio(slope.estimate, 'en')} ({odds_ratio(slope.ci_low, 'en')} to" in words()
    assert [box.number for box in controls(NumberBox)] == [44.0, 5.5]
    assert text("explore.made_up", "en") in words()
    # The study that the other panels look at is untouched.
    assert page.session.study is study


def test_the_scorecard_says_which_verdicts_change(
    page: Page, controls: Callable[..., list[Any]], words: Callable[[], str], paper: Paper
) -> None:
    page.session.panel = "drag"
    study = page.session.study
    assert text("explore.scorecard_changes", "en", n=0, total=96) in words()
    controls(NumberBox)[0].value = "80"
    row: Any = study.vertebrae.loc[0]
    other = moved(study, 0, 80.0, float(row["cement_volume_cc"]), str(row["leak"]))
    pairs = zip(scorecard(paper, study), scorecard(paper, other), strict=True)
    changed = sum(before.verdict != after.verdict for before, after in pairs)
    assert changed > 3
    assert text("explore.scorecard_changes", "en", n=changed, total=96) in words()
    controls(widgets.Button)[0].click()
    assert text("explore.scorecard_changes", "en", n=0, total=96) in words()


def test_another_vertebra_can_be_picked(
    page: Page, controls: Callable[..., list[Any]], plots: Callable[[], list[Any]]
) -> None:
    page.session.panel = "drag"
    plots()[0].picked = {"id": 9, "turn": 1}
    assert plots()[0].spec["draggable"] == 9
    row = page.session.study.vertebrae.loc[9]
    volume, cement = (box.number for box in controls(NumberBox))
    assert (volume, cement) == (row["vertebral_volume_cc"], row["cement_volume_cc"])
    assert page.session.selected == 9


def test_a_verdict_that_changes_names_its_number_and_writes_it_in_the_language(
    page: Page, controls: Callable[..., list[Any]], words: Callable[[], str]
) -> None:
    page.session.panel = "drag"
    controls(NumberBox)[1].value = "0.1"
    assert 'table 3, p, Injected cement (cc)</th><td class="vp-number">0.267</td>' in words()
    # It is still moved, in another language and after another panel.
    page.session.language = "es"
    assert 'tabla 3, p, Cemento inyectado (cc)</th><td class="vp-number">0,267</td>' in words()
    page.session.panel = "walk"
    page.session.panel = "drag"
    assert controls(NumberBox)[1].value == "0,1"
    assert 'tabla 3, p, Cemento inyectado (cc)</th><td class="vp-number">0,267</td>' in words()


def test_of_separated_leaks_firth_has_an_odds_ratio_and_what_it_hangs_on(drawn: Dataset) -> None:
    fullest = drawn.vertebrae["fill_percent"].rank(method="first", ascending=False).le(15)
    leak = fullest.map({True: "yes", False: "no"})
    study = replace(drawn, vertebrae=drawn.vertebrae.assign(leak=leak))
    firth, likelihood = (drag.outcome(study, model) for model in ("flic", "ml"))
    assert re.search(
        r"[\d.]+ \([\d.]+ to &gt;\s1,000\); complete separation: the number", drag.p_table(firth, firth, "en")
    )
    assert ">complete separation: the likelihood alone gives" in drag.p_table(likelihood, likelihood, "en")


def test_a_vertebra_as_large_as_a_study_may_hold_is_not_told_to_be_moved(
    page: Page, controls: Callable[..., list[Any]], words: Callable[[], str]
) -> None:
    own = moved(page.session.study, 0, 120.0, 20.0, "no")
    page.session.take(own)
    page.session.panel = "drag"
    assert [box.number for box in controls(NumberBox)] == [120.0, 20.0]
    assert text("explore.made_up", "en") not in words()


def test_one_outlier_is_a_button_away(page: Page, controls: Callable[..., list[Any]], words: Callable[[], str]) -> None:
    page.session.panel = "drag"
    before = words()
    controls(widgets.Button, "Put it far")[0].click()
    rows = page.session.study.vertebrae
    volume, cement = (each.number for each in controls(NumberBox))
    assert volume == rows["vertebral_volume_cc"].min()
    assert cement > rows["cement_volume_cc"].max()
    controls(widgets.Button, "Put it back")[0].click()
    assert words() == before
