from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from vpresearch.explore.page import PANELS, Page
from vpresearch.explore.panels import lesson
from vpresearch.telling import LANGUAGES


def test_both_languages_ask_the_same_six_questions() -> None:
    spanish, english = (lesson.questions(language) for language in LANGUAGES)
    assert len(spanish) == len(english) == 6
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


def test_a_class_can_ask_for_hints_and_check_itself(
    page: Page, controls: Callable[..., list[Any]], words: Callable[[], str]
) -> None:
    page.session.panel = "lesson"
    (question, *_) = lesson.questions("en")
    check, hint, go = controls(widgets.Button)
    assert question.hints[0] not in words()
    hint.click()
    assert question.hints[0] in words()
    assert question.hints[1] not in words()
    check.click()
    assert "Choose an answer first." in words()
    (choice,) = controls(widgets.RadioButtons)
    for number, answer in enumerate(question.answers):
        choice.value = number
        check.click()
        assert answer.because in words()
        assert (question.explains in words()) == answer.right
    go.click()
    assert page.session.panel == question.panel


def test_an_answer_is_kept_beside_its_question(page: Page, controls: Callable[..., list[Any]]) -> None:
    page.session.panel = "lesson"
    controls(widgets.RadioButtons)[0].value = 1
    controls(widgets.ToggleButtons)[-1].value = 3
    assert controls(widgets.RadioButtons)[0].value is None
    controls(widgets.ToggleButtons)[-1].value = 0
    assert controls(widgets.RadioButtons)[0].value == 1
