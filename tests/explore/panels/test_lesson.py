from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import pytest

from vpresearch.core.errors import LANGUAGES
from vpresearch.explore.page import PANELS, Page
from vpresearch.explore.panels import lesson
from vpresearch.render.labels import text


def test_both_languages_ask_the_same_ten_questions() -> None:
    spanish, english = (lesson.questions(language) for language in LANGUAGES)
    assert len(spanish) == len(english) == 10
    for one, other in zip(spanish, english, strict=True):
        assert (one.panel, one.read, len(one.hints)) == (other.panel, other.read, len(other.hints))
        assert [answer.right for answer in one.answers] == [answer.right for answer in other.answers]
        assert one.asks != other.asks


def test_every_question_has_one_right_answer_hints_a_panel_and_something_to_read() -> None:
    for question in lesson.questions("en"):
        assert sum(answer.right for answer in question.answers) == 1
        assert len(question.hints) == 3
        assert question.panel in PANELS
        assert question.read
        for reference, doi in question.read:
            assert re.search(r"\d{4}", reference)
            assert re.fullmatch(r"10\.\d{4,5}/\S+", doi)


@pytest.mark.parametrize("language", LANGUAGES)
def test_hints_send_to_the_panel_that_the_button_names_and_to_no_other(language: str) -> None:
    tabs = {panel: text(f"explore.{panel}_tab", language) for panel in PANELS}
    for question in lesson.questions(language):
        named = {each for hint in question.hints for each in re.findall("«(.+?)»", hint)}
        assert named <= {tabs[question.panel]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_of_each_term_of_a_question_can_be_pressed(language: str) -> None:
    explained = set(re.findall(r"<div popover class='vp-aside' id='(.+?)'", lesson.glossary(language)))
    pressed = set()
    for question in lesson.questions(language):
        for words in (question.asks, *question.hints, question.explains):
            found = re.findall("popovertarget='(.+?)'", lesson.linked(words, language))
            assert len(found) == len(set(found))
            pressed |= set(found)
    # No question asks for the disability.
    assert pressed == explained - {"vp-oswestry"}


def test_a_class_can_ask_for_hints_and_check_itself(
    page: Page, controls: Callable[..., list[Any]], words: Callable[[], str]
) -> None:
    page.session.panel = "lesson"
    assert "Fill ratio" in words()
    (question, *_) = lesson.questions("en")
    check, hint, go = controls(widgets.Button)
    assert question.hints[0] not in words()
    hint.click()
    assert question.hints[0] in words()
    assert question.hints[1] not in words()
    check.click()
    assert "Choose an answer first." in words()
    assert "Answered rightly: 0 of 10." in words()
    (choice,) = controls(widgets.RadioButtons)
    for number, answer in enumerate(question.answers):
        choice.value = number
        check.click()
        assert answer.because in words()
        assert (question.explains in words()) == answer.right
    choice.value = [answer.right for answer in question.answers].index(False)
    check.click()
    assert text("explore.answer_wrong", "en") in words()
    assert "Answered rightly: 1 of 10." in words()
    # What was said and how many hints were given is there after another panel, in another language.
    go.click()
    assert page.session.panel == question.panel
    page.session.language = "es"
    page.session.panel = "lesson"
    assert text("explore.answer_wrong", "es") in words()
    assert lesson.questions("es")[0].hints[0] in words()
    controls(widgets.Button)[1].click()
    assert text("explore.answer_wrong", "es") not in words()


def test_an_answer_is_kept_beside_its_question(page: Page, controls: Callable[..., list[Any]]) -> None:
    page.session.panel = "lesson"
    controls(widgets.RadioButtons)[0].value = 1
    controls(widgets.ToggleButtons)[-1].value = 3
    assert controls(widgets.RadioButtons)[0].value is None
    controls(widgets.ToggleButtons)[-1].value = 0
    assert controls(widgets.RadioButtons)[0].value == 1
