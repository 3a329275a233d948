from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from vpresearch.core.errors import LANGUAGES
from vpresearch.explore.panels import lesson
from vpresearch.explore.site import PLACES, Recorded, record, write_site
from vpresearch.parallel import engage
from vpresearch.render.labels import text

from .browser import assert_nothing_in_the_way, visitor


def kept(recorded: dict[str, Any], at: list[int]) -> list[list[Any]]:
    """What a record says at a place of its controls, as the page reads it."""
    sizes = [len(control["places"]) for control in recorded["controls"]]
    said = []
    for leaf in recorded["leaves"]:
        parts = []
        for part in leaf:
            place = 0
            for axis in part["by"]:
                place = place * sizes[axis] + at[axis]
            parts.append(recorded["strings"][part["ids"][place]])
        said.append([each for each in parts if each is not None])
    return said


def assert_said_there(recorded: dict[str, Any], panel: str) -> None:
    for turn in range(3):
        fresh = Recorded(panel, "es")
        at = [random.Random(turn).randrange(len(places)) for places in fresh.places.values()]
        if "drawn" in fresh.places:
            # Each press of the button draws as many more.
            at[-1] = min(at[-1], 1)
        for (name, places), place in zip(fresh.places.items(), at, strict=True):
            fresh.put(name, places[place])
        now = json.loads(json.dumps(fresh.parts()))
        assert [[each for each in leaf if each is not None] for leaf in now] == kept(recorded, at)


@pytest.mark.parametrize("panel", ["walk", "source", "resample", "draws", "audit"])
def test_what_is_recorded_is_what_the_panel_says_there(panel: str) -> None:
    assert_said_there(record(panel, "es"), panel)


def test_the_page_begins_where_the_panel_does() -> None:
    for panel in ("walk", "draws", "audit"):
        recorded = record(panel, "en")
        first = [control["first"] for control in recorded["controls"]]
        assert kept(recorded, first) == json.loads(json.dumps(Recorded(panel, "en").parts()))


def test_a_summary_says_what_was_answered_and_reads_of_the_right_answer_only() -> None:
    (question, *_) = lesson.questions("en")
    right = [answer.right for answer in question.answers].index(True)
    assert question.explains in lesson.summed(0, question, right, "en")
    assert question.explains not in lesson.summed(0, question, right - 1, "en")
    assert "Not answered." in lesson.summed(0, question, None, "en")


# -- the page itself ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("site") / "index.html"
    with engage() as workers:
        write_site(path, workers)
    return path


@pytest.mark.long
def test_it_is_one_small_file_that_names_no_address_to_fetch(site: Path) -> None:
    page = site.read_text(encoding="utf-8")
    assert site.stat().st_size < 5_000_000
    # Where to read on is a link; nothing is loaded from it.
    assert set(re.findall(r"https?://[\w.]+", page)) == {"https://doi.org", "http://www.w3.org"}
    assert "default-src 'none'" in page


@pytest.mark.long
@pytest.mark.parametrize("panel", list(PLACES))
def test_what_the_page_holds_is_what_the_panel_says_there(site: Path, panel: str) -> None:
    (data,) = re.findall('id="vp-data">(.*?)</script>', site.read_text(encoding="utf-8"), re.S)
    assert_said_there(json.loads(data)["languages"]["es"]["panels"][panel], panel)


@pytest.mark.long
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_panel_opens_from_a_file_without_a_fault_of_access(
    opened: Browser, site: Path, language: str, size: tuple[int, int]
) -> None:
    with visitor(opened, size) as one:
        one.visit(f"{site.as_uri()}#language={language}")
        one.ready()
        assert_nothing_in_the_way(one, language, [*PLACES, "lesson"])


@pytest.mark.long
def test_a_link_opens_what_it_says_and_controls_write_it(opened: Browser, site: Path) -> None:
    with visitor(opened) as one:
        one.visit(f"{site.as_uri()}#panel=dose&language=en&cement=3.1&volume=20&model=ml&separated=True")
        one.ready()
        one.see("Injected cement (cc): 3.0")
        one.see("complete separation")
        one.page.get_by_role("checkbox").uncheck()
        assert "separated=False" in one.page.url
        slider = one.page.get_by_role("slider", name="Injected cement (cc)")
        slider.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext") == "3.5 cc"
        one.see("Fill: 17.5%.")
        one.tab("Vertebrae")
        one.page.locator("[data-id='4']").first.click()
        one.see("Vertebra 5; others of the same patient")
        one.page.go_back()
        one.see("Injected cement (cc): 3.5")


@pytest.mark.long
def test_a_class_answers_and_takes_a_summary_home(opened: Browser, site: Path) -> None:
    with visitor(opened) as one:
        one.visit(f"{site.as_uri()}#panel=lesson&language=en")
        one.see("Answered rightly: 0 of 10.")
        (question, *_) = lesson.questions("en")
        right = next(answer for answer in question.answers if answer.right)
        one.page.get_by_label(right.says).check()
        one.tab(text("explore.lesson_check", "en"))
        one.see("Answered rightly: 1 of 10.")
        one.page.locator(".vp-term", has_text="VAS").first.click()
        one.page.locator(".vp-aside:popover-open", has_text="visual analogue scale").wait_for()
        one.page.keyboard.press("Escape")
        with one.page.expect_download() as given:
            one.page.get_by_role("link", name=text("explore.lesson_summary", "en")).click()
        summary = given.value.path().read_text(encoding="utf-8")
        assert right.because in summary
        assert summary.count("Not answered.") == 9
