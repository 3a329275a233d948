from __future__ import annotations

import time

import ipywidgets as widgets
import pytest

from tests.explore.test_page import inside
from vpresearch.audit import Check, audit
from vpresearch.explore.panels.audit import Audit, panel, typed_paper
from vpresearch.explore.session import Session
from vpresearch.published import Paper
from vpresearch.render.labels import text

TYPED = {"n_a": "15", "mean_a": "2.5", "sd_a": "1.9", "n_b": "14", "mean_b": "3.4", "sd_b": "1.4", "p": "0.16"}


def paper() -> Paper:
    made = typed_paper({**TYPED, "step": "1", "low": "0", "high": "10"})
    assert isinstance(made, Paper)
    return made


@pytest.mark.long
def test_the_background_finds_what_the_audit_finds() -> None:
    told: list[tuple[list[Check], bool | None]] = []
    running = Audit()
    running.told = lambda checks, done, _: told.append((list(checks), done))
    running.start(paper())
    limit = time.monotonic() + 120
    while not (told and told[-1][1]):
        assert time.monotonic() < limit
        time.sleep(0.1)
    names = sorted((check.check, check.claims, check.verdict, check.code) for check in told[-1][0])
    assert names == sorted((check.check, check.claims, check.verdict, check.code) for check in audit(paper()))


def test_an_audit_that_is_stopped_tells_nothing_more() -> None:
    told: list[bool | None] = []
    running = Audit()
    running.told = lambda checks, done, _: told.append(done)
    running.start(paper())
    process = running._process
    assert process is not None
    running.stop()
    process.join(10)
    assert process.exitcode is not None
    assert not any(told)


def test_an_audit_whose_process_dies_says_that_no_more_will_come() -> None:
    told: list[bool | None] = []
    running = Audit()
    running.told = lambda checks, done, _: told.append(done)
    running.start(paper())
    process = running._process
    assert process is not None
    process.kill()
    limit = time.monotonic() + 60
    while None not in told:
        assert time.monotonic() < limit
        time.sleep(0.05)
    assert told[-1] is None


def test_a_pasted_table_is_checked_whole_and_a_faulty_one_told(session: Session) -> None:
    session.panel = "audit"
    shown = inside(panel(session))
    (box,) = [each for each in shown if isinstance(each, widgets.Textarea)]
    (button,) = [each for each in shown if getattr(each, "description", "") == text("explore.audit_pasted", "en")]
    box.value = "variable\tn\tmean\tscale\nscore\tten\t3.45\t0-10\n"
    button.click()
    assert any("row 2" in each.value for each in shown if isinstance(each, widgets.HTML))
    box.value = box.value.replace("ten", "10")
    button.click()
    limit = time.monotonic() + 60
    while not any(
        "3.45" in each.value and "vp-chosen" in each.value for each in shown if isinstance(each, widgets.HTML)
    ):
        assert time.monotonic() < limit
        assert not session.fault
        time.sleep(0.1)
    assert session.notes["pasted"] == box.value
