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
# Words for a whole patient, which name no single column, and words that differ by the row that they name.
_OF_SEVERAL_COLUMNS = {"constant_empty", "constant_several", "patient_once", "kind_without_leak"}
_OF_ONE_ROW = {"constant": "constant_many", "ids_alike": "ids_alike_many"}
_MOST_VALUES = 5
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
    row : int, optional
    **values : object
        What the words leave open; a ``unit`` and a ``kind`` of identifier are named in the language, and a dict
        holds the words of each.

    Returns
    -------
    Problem
        In English.

    Examples
    --------
    >>> print(tell("missing_value", row=4, column="EAV previa"))
    row 4, column EAV previa: The cell is empty. Enter the value.
    """
    blank = Problem(code, "", "", sheet, row, column, None, cell, wording or code, values)
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


def retold(problem: Problem, wording: str) -> Problem:
    """Give a problem other words, in English."""
    return told(replace(problem, wording=wording), "en")


def _said(name: str, value: object, language: str) -> str:
    if name in _NAMED:
        return str(words(language)[_NAMED[name]][value])
    if isinstance(value, Mapping):
        return str(value[language])
    if isinstance(value, float):
        return f"{value:g}".replace(".", words(language)["decimal_mark"])
    return str(value)


def grouped(problems: Sequence[Problem]) -> list[Problem]:
    """Make one problem of all that have one cause: the same words about many rows of a column, or of several columns.

    Parameters
    ----------
    problems : sequence of Problem
        One a cell, in reading order.

    Returns
    -------
    list of Problem
        Each at the place of its first cell, with all its rows, columns and cells.

    Examples
    --------
    >>> print(*grouped([tell("missing_value", row=row, column="Edad", cell=f"C{row}") for row in (4, 5, 6, 9)]))
    rows 4-6, 9, column Edad: The cell is empty. Enter the value.
    """
    of_a_column: dict[tuple[object, ...], list[Problem]] = {}
    for place, problem in enumerate(problems):
        whole = problem.wording in _OF_SEVERAL_COLUMNS
        said: object = problem.wording if problem.wording in _OF_ONE_ROW else (problem.message, problem.remedy)
        # What has no row is told of the whole column or file, and stands alone.
        alone = place if problem.row is None else None
        key: tuple[object, ...] = (problem.code, problem.sheet, said, alone, None if whole else problem.column)
        of_a_column.setdefault(key, []).append(problem)
    alike: dict[tuple[object, ...], list[Problem]] = {}
    for key, found in of_a_column.items():
        # Columns that were filled in one way have the same faults on the same rows.
        rows = tuple(problem.row for problem in found)
        alike.setdefault((*key[:4], rows) if len(rows) > 1 else key, []).extend(found)
    return [_one(found) for found in alike.values()]


def _one(found: Sequence[Problem]) -> Problem:
    first = found[0]
    rows = tuple(dict.fromkeys(problem.row for problem in found if problem.row is not None))
    columns = tuple(dict.fromkeys(problem.column for problem in found if problem.column is not None))
    cells = tuple(dict.fromkeys(problem.cell for problem in found if problem.cell is not None))
    if len({(problem.message, problem.remedy) for problem in found}) > 1:
        first = retold(first, _OF_ONE_ROW[first.wording])
    return replace(first, rows=rows, columns=columns, cells=cells)


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
    places = problem.places(names["more"])
    # The cell says the row.
    order = ("sheet", "rows", "cell" if "cell" in places else "row", "columns", "column", "line")
    place = ", ".join(f"{names[name]} {places[name]}" for name in order if name in places)
    said = [_quoted(values[cell], language) for cell in problem.cells or (problem.cell or "",) if cell in values]
    said = list(dict.fromkeys(said))
    shown = "; ".join([*said[:_MOST_VALUES], *(["..."] if len(said) > _MOST_VALUES else [])])
    value = f" ({names['value' if len(said) == 1 else 'values']}: {shown})" if said else ""
    problem = told(problem, language)
    return f"{place}{value}{': ' if place else ''}{problem.message} {problem.remedy}"


def _quoted(value: object, language: str) -> str:
    # What the author wrote stays as it is written; a number is shown as Excel does.
    if isinstance(value, str):
        return str(words(language)["where"]["quoted"]).format(value=value.strip())
    return exact(float(str(value)), language)


def exact(value: float, language: str) -> str:
    """Write a number as a spreadsheet shows it, with the decimal mark of the language."""
    return f"{value:.10g}".replace(".", words(language)["decimal_mark"])


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
