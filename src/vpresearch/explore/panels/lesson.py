"""A guided path for a class: ten questions with hints, answers and a check of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import ipywidgets as widgets
import yaml

from vpresearch.explore import show
from vpresearch.explore.session import Session
from vpresearch.render.labels import text

_WORDS = Path(__file__).parents[1] / "lessons"
_TERMS = ("leak", "fill", "vas", "oswestry", "odds_ratio", "cluster", "separation", "interval", "p")


@dataclass(frozen=True)
class Answer:
    """One answer to choose."""

    says: str
    right: bool
    because: str


@dataclass(frozen=True)
class Question:
    """One question of the path."""

    title: str
    asks: str
    panel: str
    hints: tuple[str, ...]
    answers: tuple[Answer, ...]
    explains: str
    read: tuple[tuple[str, str], ...]


@cache
def questions(language: str) -> tuple[Question, ...]:
    """Read the path."""
    entries: list[Mapping[str, Any]] = yaml.safe_load((_WORDS / f"{language}.yaml").read_text(encoding="utf-8"))
    references = yaml.safe_load((_WORDS / "references.yaml").read_text(encoding="utf-8"))
    return tuple(
        Question(
            entry["title"],
            entry["asks"],
            entry["panel"],
            tuple(entry["hints"]),
            tuple(Answer(each["says"], each.get("right", False), each["because"]) for each in entry["answers"]),
            entry["explains"],
            tuple((references[key]["reference"], references[key]["doi"]) for key in entry["read"]),
        )
        for entry in entries
    )


def reading(question: Question, language: str) -> str:
    """Write what to read, with its address."""
    link = "<a href='https://doi.org/{0}' target='_blank' rel='noreferrer'>doi:{0}</a>"
    items = "".join(f"<li>{escape(words)} {link.format(escape(doi))}</li>" for words, doi in question.read)
    return f"<p>{escape(text('explore.read', language))}</p><ul>{items}</ul>"


def _judged(answer: Answer, language: str) -> str:
    """Say of one answer whether it is right, and why."""
    word = text(f"explore.answer_{'right' if answer.right else 'wrong'}", language)
    return f"{word} {answer.because}"


def verdict(question: Question, chosen: int | None, language: str) -> str:
    """Say whether an answer is right, and why; of the right one also the whole explanation."""
    if chosen is None:
        return show.paragraph(text("explore.choose_first", language))
    answer = question.answers[chosen]
    said = show.paragraph(_judged(answer, language), "vp-big" if answer.right else "vp-fault")
    return said + (
        f"<p>{linked(question.explains, language)}</p>" + reading(question, language) if answer.right else ""
    )


def summed(at: int, question: Question, chosen: int | None, language: str) -> str:
    """Write down a question, what was answered, and what there is to say of it."""
    lines = [f"{at + 1}. {question.title}", question.asks]
    if chosen is None:
        return "\n".join([*lines, text("explore.lesson_unanswered", language)])
    answer = question.answers[chosen]
    lines += [f"– {answer.says}", _judged(answer, language)]
    read = [f"{reference} doi:{doi}" for reference, doi in question.read]
    return "\n".join([*lines, question.explains, *read] if answer.right else lines)


def download(words: str, language: str) -> str:
    """Offer words as a file; nobody is asked for it."""
    said, name = (escape(text(f"explore.lesson_{key}", language)) for key in ("summary", "file"))
    return f"<p><a download='{name}' href='data:text/plain;charset=utf-8,{quote(words)}'>{said}</a></p>"


def panel(session: Session) -> widgets.Widget:
    """Show one question at a time."""
    language = session.language
    path = questions(language)
    which = session.keep(
        "lesson.question",
        show.made(
            widgets.ToggleButtons,
            options=[(f"{place}. {each.title}", place - 1) for place, each in enumerate(path, start=1)],
        ),
    )
    place, solved, kept = show.made(widgets.VBox), show.html(), show.html()

    def count() -> None:
        notes = [session.notes.get(f"lesson{at}", {}) for at in range(len(path))]
        done = sum(note.get("solved", False) for note in notes)
        solved.value = show.paragraph(text("explore.lesson_solved", language, done=done, of=len(path)))
        told = [summed(at, path[at], note.get("chosen"), language) for at, note in enumerate(notes)]
        kept.value = download("\n\n".join([text("explore.lesson_lead", language), *told]), language)

    def update() -> None:
        before = place.children
        place.children = [_question(session, which.value, path[which.value], count)]
        for each in before:
            show.close(each)

    session.on(which, update)
    update()
    return show.column(show.heading("lesson", language), which, solved, place, kept, show.html(glossary(language)))


def glossary(language: str) -> str:
    """Explain the words that the questions take for known, in a list and one by one where a word is pressed."""
    said = {term: text(f"glossary.{term}", language) for term in _TERMS}
    words = {term: each.partition(": ") for term, each in said.items()}
    terms = "".join(f"<dt>{escape(term)}</dt><dd>{escape(says)}</dd>" for term, _, says in words.values())
    asides = "".join(
        f"<div popover class='vp-aside' id='vp-{term}'>{escape(each)}</div>" for term, each in said.items()
    )
    title = escape(text("explore.glossary", language))
    return f"<details><summary>{title}</summary><dl>{terms}</dl></details>{asides}"


def linked(words: str, language: str) -> str:
    """Write words; the first of each term of the glossary can be pressed to be told what it means."""
    words, places = escape(words), {}
    for term in _TERMS:
        if found := re.search(rf"\b(?:{text(f'glossary_forms.{term}', language)})\b", words):
            places[found.span()] = term
    for (start, end), term in sorted(places.items(), reverse=True):
        pressed = f"<button type='button' class='vp-term' popovertarget='vp-{term}'>{words[start:end]}</button>"
        words = words[:start] + pressed + words[end:]
    return words


def _question(session: Session, at: int, question: Question, count: Callable[[], None]) -> widgets.Widget:
    language = session.language
    options = [(answer.says, number) for number, answer in enumerate(question.answers)]
    choice = session.keep(f"lesson.answer{at}", show.made(widgets.RadioButtons, options=options, value=None))
    check, hint, go = (
        show.made(
            widgets.Button,
            description=text(f"explore.lesson_{name}", language, panel=text(f"explore.{question.panel}_tab", language)),
        )
        for name in ("check", "hint", "go")
    )
    hints, said = show.html(), show.html()
    # How many hints were asked for, whether the chosen answer was checked, and whether the right one ever was.
    note = session.notes.setdefault(f"lesson{at}", {"hints": 0, "checked": False, "solved": False})

    def tell() -> None:
        note["chosen"] = choice.value
        items = "".join(f"<li>{linked(each, language)}</li>" for each in question.hints[: note["hints"]])
        hints.value = f"<ol>{items}</ol>" if items else ""
        hint.disabled = note["hints"] == len(question.hints)
        said.value = verdict(question, choice.value, language) if note["checked"] else ""
        # Solved is solved, whatever is tried afterwards.
        note["solved"] |= note["checked"] and choice.value is not None and question.answers[choice.value].right
        count()

    def now(**changes: Any) -> None:
        note.update(changes)
        tell()

    check.on_click(session.guarded(lambda _: now(checked=True)))
    # What was said of the last answer is no comment on the hint.
    hint.on_click(session.guarded(lambda _: now(hints=note["hints"] + 1, checked=False)))
    go.on_click(session.guarded(lambda _: setattr(session, "panel", question.panel)))
    session.on(choice, lambda: now(checked=False))
    tell()
    asks = show.html(f"<h3>{escape(question.title)}</h3><p>{linked(question.asks, language)}</p>")
    return show.column(asks, choice, show.near(check, hint, go), hints, said)
