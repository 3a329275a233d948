from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import pytest

from vpresearch.explore.page import Page
from vpresearch.explore.panels import groups
from vpresearch.explore.session import present
from vpresearch.inference import compare_by_leak
from vpresearch.render.labels import p_value


@pytest.mark.parametrize("name", ["cement_volume_cc", "vas_pre", "fill_percent"])
def test_the_panel_says_what_the_library_computes(
    page: Page, controls: Callable[..., list[Any]], words: Callable[[], str], name: str
) -> None:
    page.session.panel = "groups"
    controls(widgets.Dropdown)[0].value = name
    comparison = compare_by_leak(page.session.study, name)
    for test in comparison.tests.values():
        assert f">{p_value(test.p_value, 'en').replace('<', '&lt;')}<" in words()
    assert f"p = {p_value(comparison.result.p_value, 'en')}" in words()
    # Whole degrees of freedom are written as such.
    df = comparison.tests["welch"].df
    assert ">39<" in words()
    assert f">{df:.1f}<" in words()


def test_the_level_of_the_pretest_changes_the_test(
    page: Page, controls: Callable[..., list[Any]], words: Callable[[], str]
) -> None:
    page.session.panel = "groups"
    study = page.session.study
    level = controls(widgets.FloatSlider)[0]
    seen = set()
    for alpha in (0.01, 0.2):
        for name in present(study, groups.VARIABLES):
            controls(widgets.Dropdown)[0].value = name
            level.value = alpha
            chosen = compare_by_leak(study, name, alpha).chosen
            seen.add((name, chosen))
            assert ("takes Student" in words()) == (chosen == "student")
    assert len({name for name, _ in seen}) < len(seen)


def test_a_p_is_the_printed_one_only_where_it_rounds_to_it() -> None:
    assert groups.gives_printed("vertebral_volume_cc", 0.4658)
    assert not groups.gives_printed("vertebral_volume_cc", 0.4649)
    assert not groups.gives_printed("age_years", 0.5)
