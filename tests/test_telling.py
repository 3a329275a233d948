"""Every problem has its words in both languages, and nothing but what it was given stands in them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import vpresearch
from vpresearch.errors import MOST_LISTED, InputError, Problem
from vpresearch.telling import LANGUAGES, line, listed, tell, told, words

SOURCE = Path(vpresearch.__file__).parent


def asked() -> set[str]:
    """Codes that the code tells, by any of the ways that it has."""
    found: set[object] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            told: list[ast.expr] = []
            match node:
                case ast.Call(func=ast.Name(id="tell" | "Unreadable"), args=[first, *_]):
                    told = [first]
                case ast.Call(func=ast.Name(id="refused"), args=[_, second, *_]):
                    told = [second]
                case ast.Tuple(elts=[ast.Constant() as first, ast.Dict()]) if path.stem == "cells":
                    told = [first]
                case ast.Return(value=ast.expr() as value) if path.stem == "units":
                    told = [value]
                case ast.keyword(arg="wording", value=value):
                    told = [value]
            found |= {part.value for given in told for part in ast.walk(given) if isinstance(part, ast.Constant)}
    return {code for code in found if isinstance(code, str) and re.fullmatch("[a-z]+(_[a-z0-9]+)+|date|macros", code)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_words(language: str) -> None:
    codes = asked()
    assert {"too_large", "missing_value", "merged_cells", "file_exists", "no_header", "external_link"} <= codes
    # One code has two wordings, and none of its own.
    assert {"unit_mm3", "date", "not_a_number", "missing_column_near"} <= codes
    others = {
        "out_of_range",
        "cement_volume_cc",
        "vertebral_volume_cc",
        "identifier_dropped",
        "too_few_for_public",
        "no_vertebra",
    }
    assert codes - others <= set(words(language)["problem"])


def test_all_words_end_as_sentences_do() -> None:
    for language in LANGUAGES:
        for code, own in words(language)["problem"].items():
            assert list(own) == ["message", "remedy"], code
            assert all(re.fullmatch(r"[A-ZÁÉÍÓÚÑ].*\.", said) for said in own.values()), code


def fields(code: str, language: str) -> dict[str, Any]:
    own = words(language)["problem"][code]
    names = {name for said in own.values() for _, name, _, _ in Formatter().parse(said) if name}
    given = {"unit": "cc", "limit": 0.5, "kind": "phone"}
    return {name: given.get(name, "X") for name in names}


@pytest.mark.parametrize("code", words("en")["problem"])
def test_a_problem_is_told_in_both_languages(code: str) -> None:
    problem = tell(code, **fields(code, "en"))
    spanish = told(problem, "es")
    assert (spanish.message, spanish.remedy) != (problem.message, problem.remedy)
    assert "{" not in spanish.message + spanish.remedy + problem.message + problem.remedy
    assert told(spanish, "en") == problem


def test_numbers_and_units_are_in_the_language() -> None:
    problem = tell("out_of_range", wording="below_minimum", limit=0.1, unit="years")
    assert told(problem, "es").message == "El valor es menor que el mínimo, 0,1 años."
    assert problem.message == "The value is below the minimum of 0.1 years."


def test_braces_in_a_header_are_only_braces() -> None:
    assert "{0} and {x.y}" in tell("column_twice", first="{0}", second="{x.y}").message


def test_a_problem_with_words_of_its_own_keeps_them() -> None:
    problem = Problem("strange", "It is odd.", "Mend it.")
    assert told(problem, "es") is problem
    assert line(problem, "es") == "It is odd. Mend it."


def test_of_very_many_problems_the_first_are_listed() -> None:
    problems = [tell("missing_value", row=n, column="Edad") for n in range(MOST_LISTED + 7)]
    for written, rest in (
        (listed("a.csv", problems, "es"), "y 7 más"),
        (str(InputError("a.csv", problems)), "and 7 more"),
    ):
        assert len(written.splitlines()) == MOST_LISTED + 2
        assert written.splitlines()[-1].strip() == rest
