from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np
import pytest

from vpresearch.core.reported import Reported
from vpresearch.explore.chart import SeedBox
from vpresearch.explore.page import Page
from vpresearch.explore.panels import draws
from vpresearch.lattice import Cell


@pytest.mark.parametrize(
    "typed",
    [
        ("15", "2,5", "1,9", "1", "10", "1"),
        ("41", "2.0", "0.8", "1", "4", "0.1"),
        ("41", "26.1", "6.0", "15.6", "38.1", "0.1"),
    ],
)
def test_every_dataset_prints_as_asked(typed: tuple[Any, ...]) -> None:
    asked = draws.cell(*typed)
    assert isinstance(asked, Cell)
    found = draws.find(asked, 1)
    assert len(found.values) == draws.SHOWN
    for values in found.values:
        assert values.mean() in Reported(typed[1]).interval()
        assert values.std(ddof=1) in Reported(typed[2]).interval()
        assert float(typed[3]) <= values.min() <= values.max() <= float(typed[4])
    assert len(np.unique(found.values, axis=0)) == draws.SHOWN


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("10", "3.0", "1.0", "1", "5", "1"), "impossible"),
        (("9", "1.3", "0.9", "1", "5", "1"), "impossible"),
        (("10", "three", "1.0", "1", "5", "1"), "not_a_number"),
        (("10", "<3", "1.0", "1", "5", "1"), "not_a_number"),
        (("10", "3", "1.0", "5", "1", "1"), "no_scale"),
        (("10", "3", "1.0", "1", "5", "0"), "no_scale"),
        (("10", "3", "1.0", "1", "5", "0.001"), "too_many"),
        (("10", "3", "1.0", "1", "5", "3"), "off_step"),
        (("7.5", "3", "1.0", "1", "5", "1"), "not_whole"),
        (("1", "3", "1.0", "1", "5", "1"), "not_whole"),
        (("201", "3", "1.0", "1", "5", "1"), "not_whole"),
        (("", "3", "1.0", "1", "5", "1"), "not_whole"),
    ],
)
def test_what_cannot_be_has_a_word(typed: tuple[Any, ...], why: str) -> None:
    asked = draws.cell(*typed)
    assert (asked if isinstance(asked, str) else draws.find(asked, 1).why_not) == why


def test_the_chosen_are_further_apart_than_any_first_ones() -> None:
    asked = draws.cell("15", "2.5", "1.9", "1", "10", "1")
    assert isinstance(asked, Cell)
    values = draws.find(asked, 1).values
    distances = [np.abs(one - other).sum() for i, one in enumerate(values) for other in values[:i]]
    assert min(distances) > 5


def test_the_panel_counts_and_says_what_is_wrong(
    page: Page, controls: Callable[..., list[Any]], plots: Callable[[], list[Any]], words: Callable[[], str]
) -> None:
    page.session.panel = "draws"
    assert "Exactly 82 datasets" in words()
    before = plots()[0].spec
    controls(SeedBox)[0].value = "2"
    assert plots()[0].spec != before
    controls(widgets.Button)[0].click()
    assert controls(SeedBox)[0].number != 2
    controls(widgets.Text, "Mean")[0].value = "abc"
    assert "Type numbers as printed" in words()
    # And shows nothing of other numbers.
    assert plots()[0].spec == {}
    assert "<table" not in words()
    controls(widgets.Text, "Mean")[0].value = "9,9"
    assert "that is proven" in words()
