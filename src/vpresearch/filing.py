"""Files that the authors ask for beside the outputs: the empty workbook, and the marked copy of their own."""

from __future__ import annotations

from pathlib import Path

from vpresearch.annotate import annotate, as_workbook
from vpresearch.files import put
from vpresearch.identifiers import screen
from vpresearch.labels import text
from vpresearch.load import Examined
from vpresearch.project import shown
from vpresearch.reading import find_table, join_headers, read_bytes, read_sheets, reshape
from vpresearch.telling import refused
from vpresearch.template import template


def write_template(out: Path, language: str) -> str:
    """Write the empty workbook, never over a file that is there: it may be the filled one.

    Parameters
    ----------
    out : pathlib.Path
    language : {"es", "en"}

    Returns
    -------
    str
        What to do with it.

    Raises
    ------
    InputError
        If the name is not that of a new workbook.
    """
    _check_name(out)
    if out.exists():
        raise refused(out.name, "file_exists")
    put(out, template(language))
    sheet = text("template.data", language)
    return text("template.written", language, name=out.name, sheet=sheet, path=shown(out).as_posix())


def write_copy(path: Path, examined: Examined, out: Path, language: str, *, drop_identifiers: bool = False) -> str:
    """Write the copy with the faults marked, never over the file itself.

    Parameters
    ----------
    path : pathlib.Path
        The table.
    examined : Examined
        What was found in it.
    out : pathlib.Path
    language : {"es", "en"}
    drop_identifiers : bool, default False
        Whether the copy holds the table alone, without its direct identifiers.

    Returns
    -------
    str
        What was done; that the copy holds patients' rows.

    Raises
    ------
    InputError
        If the name is not that of a workbook, or is that of the table.
    """
    _check_name(out)
    if out.exists() and path.exists() and out.samefile(path):
        raise refused(out.name, "overwrites_input")
    if not any(problem.column or problem.row for problem in examined.problems):
        return text("validation.not_annotated", language)
    put(out, annotate(path, examined.problems, language, drop_identifiers=drop_identifiers), private=True)
    return text("validation.annotated_dropped" if drop_identifiers else "validation.annotated", language, name=out.name)


def write_long(path: Path, out: Path, language: str, *, drop_identifiers: bool = False) -> str:
    """Write a table that has not one row a vertebra as one that has, for its owner to check.

    Parameters
    ----------
    path : pathlib.Path
        The table.
    out : pathlib.Path
        A new file: what is there may be somebody's work.
    language : {"es", "en"}
    drop_identifiers : bool, default False
        Whether direct identifiers are left out; columns that the study does not know always are.

    Returns
    -------
    str
        What was done.

    Raises
    ------
    InputError
        If the table cannot be read, or the name is not that of a new workbook.
    """
    _check_name(out)
    if out.exists():
        raise refused(out.name, "file_exists")
    raw = find_table(path.name, read_sheets(path, read_bytes(path)))
    raw = screen(raw, drop_identifiers=True)[0] if drop_identifiers else raw
    rows = reshape(join_headers(raw)[0], language)
    if rows is None:
        return text("validation.not_reshaped", language)
    put(out, as_workbook(rows, language), private=True)
    return text("validation.reshaped", language, name=out.name, rows=len(rows) - 1)


def _check_name(out: Path) -> None:
    if out.suffix.lower() != ".xlsx":
        raise refused(out.name, "not_xlsx")
