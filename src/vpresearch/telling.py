"""Problems in words: each has a code, and its sentences stand in the locale files under that code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from vpresearch.errors import MOST_LISTED, InputError, Problem

LANGUAGES = ("es", "en")
# Values that are named in the language, and where its words for them are.
_NAMED = {"unit": "unit", "kind": "identifier"}
_LOCALES = Path(__file__).parent / "locales"
# The one in C, where there is one, takes a tenth of the time, and every kernel reads its words.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def words(language: str) -> dict[str, Any]:
    """Read the locale file of a language.

    Parameters
    ----------
    language : {"es", "en"}

    Returns
    -------
    dict of str to object

    Raises
    ------
    ValueError
        If there is no such language.

    Examples
    --------
    >>> words("es")["decimal_mark"]
    ','
    """
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language}")
    content: dict[str, Any] = yaml.load((_LOCALES / f"{language}.yaml").read_text(encoding="utf-8"), _LOADER)
    return content


def tell(
    code: str,
    *,
    wording: str = "",
    sheet: str | None = None,
    row: int | None = None,
    column: str | None = None,
    cell: str | None = None,
    line: int | None = None,
    **values: object,
) -> Problem:
    """Make a problem whose words are in the locale files.

    Parameters
    ----------
    code : str
        Reason code.
    wording : str, optional
        Key of the words, where one code has several; the code itself otherwise.
    sheet, column, cell : str, optional
    row, line : int, optional
    **values : object
        What the words leave open; a ``unit`` and a ``kind`` of identifier are named in the language.

    Returns
    -------
    Problem
        In English.

    Examples
    --------
    >>> print(tell("missing_value", row=4, column="EAV previa"))
    row 4, column EAV previa: The cell is empty. Enter the value.
    """
    blank = Problem(code, "", "", sheet, row, column, line, cell, wording or code, values)
    return told(blank, "en")


def told(problem: Problem, language: str) -> Problem:
    """Put a problem into a language.

    Parameters
    ----------
    problem : Problem
    language : {"es", "en"}

    Returns
    -------
    Problem
        The same one where it has no words but its own.

    Examples
    --------
    >>> told(tell("missing_value"), "es").message
    'La celda está vacía.'
    """
    if not problem.wording:
        return problem
    own = words(language)["problem"][problem.wording]
    values = {name: _said(name, value, language) for name, value in problem.values.items()}
    return replace(problem, message=own["message"].format(**values), remedy=own["remedy"].format(**values))


def _said(name: str, value: object, language: str) -> str:
    if name in _NAMED:
        return str(words(language)[_NAMED[name]][value])
    if isinstance(value, float):
        return f"{value:g}".replace(".", words(language)["decimal_mark"])
    return str(value)


def line(problem: Problem, language: str, values: Mapping[str, object] = MappingProxyType({})) -> str:
    """Write a problem with its place in one line.

    Parameters
    ----------
    problem : Problem
    language : {"es", "en"}
    values : dict of str to object, optional
        What stands in a cell, by cell, where it may be said.

    Returns
    -------
    str

    Examples
    --------
    >>> line(tell("missing_value", sheet="Datos", row=7, column="Edad", cell="C7"), "es")
    'hoja Datos, celda C7, columna Edad: La celda está vacía. Escriba el valor.'
    """
    names = words(language)["where"]
    # The cell says the row, and so does the line of a text.
    places = ["sheet", "cell" if problem.cell else "line" if problem.line else "row", "column"]
    place = ", ".join(f"{names[name]} {found}" for name in places if (found := getattr(problem, name)) is not None)
    problem = told(problem, language)
    cell = problem.cell or ""
    value = f" ({names['value']}: {_quoted(values[cell], language)})" if cell in values else ""
    return f"{place}{value}{': ' if place else ''}{problem.message} {problem.remedy}"


def _quoted(value: object, language: str) -> str:
    # What the author wrote stays as it is written; a number is shown as Excel does.
    if isinstance(value, str):
        return str(words(language)["where"]["quoted"]).format(value=value.strip())
    return f"{float(str(value)):.10g}".replace(".", words(language)["decimal_mark"])


def listed(
    source: str, problems: Sequence[Problem], language: str, values: Mapping[str, object] = MappingProxyType({})
) -> str:
    """Write all the problems of a file, one a line.

    Parameters
    ----------
    source : str
        Name of the file.
    problems : sequence of Problem
    language : {"es", "en"}
    values : dict of str to object, optional
        As of `line`.

    Returns
    -------
    str

    Examples
    --------
    >>> print(listed("study.csv", [tell("no_rows")], "es"))
    study.csv: 1 problema
      1. La tabla tiene encabezado pero ninguna fila. Escriba una fila por vértebra.
    """
    names, count = words(language)["where"], len(problems)
    lines = [f"{source}: {count} {names['problem' if count == 1 else 'problems']}"]
    lines += [
        f"  {number}. {line(problem, language, values)}" for number, problem in enumerate(problems[:MOST_LISTED], 1)
    ]
    if count > MOST_LISTED:
        lines.append("  " + names["more"].format(n=count - MOST_LISTED))
    return "\n".join(lines)


def refused(source: str, code: str, **values: object) -> InputError:
    """Make the error of a file that has one thing wrong with it.

    Parameters
    ----------
    source : str
        Name of the file.
    code : str
    **values : object
        As of `tell`.

    Returns
    -------
    InputError

    Examples
    --------
    >>> print(refused("study.csv", "empty_file"))
    study.csv: 1 problem
      1. The file is empty. Save the table again.
    """
    return InputError(source, [tell(code, **values)])  # type: ignore[arg-type]
