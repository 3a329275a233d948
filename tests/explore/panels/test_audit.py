from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import pytest

from vpresearch.audit import audit as whole
from vpresearch.explore.page import Page
from vpresearch.explore.panels import audit
from vpresearch.published import Paper

TYPED = {"n_a": "26", "mean_a": "27,0", "sd_a": "5,9", "n_b": "15", "mean_b": "24,5", "sd_b": "5,9", "p": "0,466"}


def made(**typed: str) -> Paper:
    found = audit.typed_paper(typed)
    assert isinstance(found, Paper), found
    return found


@pytest.mark.parametrize(
    ("box", "value"),
    [("n_a", ""), ("n_a", "1"), ("n_a", "2.5"), ("n_a", "10000000"), ("sd_a", "-1"), ("mean_a", "<3"), ("p", "1.2")],
)
def test_a_box_that_cannot_be_read_is_named(box: str, value: str) -> None:
    assert audit.typed_paper({**TYPED, box: value}) == box


def test_a_scale_must_have_its_ends_in_order() -> None:
    assert audit.typed_paper({**TYPED, "low": "10", "high": "1"}) == "high"


@pytest.mark.parametrize(
    ("typed", "check", "verdict"),
    [
        ({"n_a": "28", "mean_a": "5.19"}, "grim", "impossible"),
        ({"n_a": "28", "mean_a": "5.21"}, "grim", "possible"),
        ({"n_a": "18", "mean_a": "3.44", "sd_a": "2.47"}, "grimmer", "impossible"),
        ({"n_a": "20", "mean_a": ".36", "sd_a": ".11", "low": "0", "high": "1"}, "debit", "impossible"),
    ],
)
def test_the_checks_at_once_are_those_of_the_audit(typed: dict[str, str], check: str, verdict: str) -> None:
    paper = made(**{"step": "1", "low": "1", "high": "7", **typed})
    (found,) = audit.at_once(paper)
    assert (found.check, found.verdict) == (check, verdict)
    assert (found.check, found.verdict) in {(each.check, each.verdict) for each in whole(paper)}


def test_typed_as_the_paper_prints_no_t_test_gives_its_p(page: Page, words: Callable[[], str]) -> None:
    page.session.panel = "audit"
    low, high = audit.t_range(made(**TYPED))["student"]
    assert (round(low, 3), round(high, 3)) == (0.178, 0.221)
    assert "impossible" in audit.t_table(made(**TYPED), "en")
    assert "impossible" not in audit.t_table(made(**{**TYPED, "p": "0,2"}), "en")
    assert ">0.178<" in words()


def test_the_panel_names_the_box_and_goes_on(
    page: Page, controls: Callable[..., list[Any]], plots: Callable[[], list[Any]], words: Callable[[], str]
) -> None:
    page.session.panel = "audit"
    box = controls(widgets.Text, "Mean, group A")[0]
    box.value = "x"
    assert "The box «Mean, group A» cannot be read" in words()
    # And shows no result of what stood there before.
    assert "<table" not in words()
    assert plots()[0].spec == {}
    box.value = "27.0"
    assert "cannot be read" not in words()
    assert "Mean and SD, group A" in words()
    assert plots()[0].spec["marks"]
    assert page.session.fault == ""


def test_a_preset_fills_every_box(page: Page, controls: Callable[..., list[Any]], words: Callable[[], str]) -> None:
    page.session.panel = "audit"
    controls(widgets.Button, "Ten whole scores")[0].click()
    assert [each.value for each in controls(widgets.Text)] == ["10", "3.45", *[""] * 5, "0", "10", "1"]
    assert "1 impossible" in words()
    controls(widgets.Button, "Table 3")[0].click()
    assert controls(widgets.Text, "Mean, group B")[0].value == "24.5"


def test_the_headline_counts_the_t_tests_that_cannot_give_the_printed_p(page: Page, words: Callable[[], str]) -> None:
    page.session.panel = "audit"
    assert "Printed p: impossible by 2 of 2 t tests." in words()
    assert words().count(">impossible<") == 2


@pytest.mark.long
def test_a_whole_audit_is_there_for_whoever_comes_back(page: Page, words: Callable[[], str]) -> None:
    page.session.panel = "audit"
    running = page.session.notes["audit"]
    running._tell(whole(made(**TYPED)), True, 3.0)
    assert "All checked" in words()
    page.session.panel = "walk"
    page.session.language = "es"
    page.session.panel = "audit"
    assert "Todo comprobado" in words()


def test_a_p_that_is_next_to_nothing_is_not_nought() -> None:
    far = made(**{**TYPED, "mean_a": "47,0"})
    assert [row[1:] for row in audit.draw(far, "es")["table"]["rows"]] == [["< 0,001", "< 0,001"]] * 2
    assert "p impresa: 0,466" in audit.t_table(far, "es")
    assert "Printed p: 0.466" in audit.t_table(far, "en")
