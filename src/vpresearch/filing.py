"""Files that the authors ask for beside the outputs: the empty workbook, and the marked copy of their own."""

from __future__ import annotations

from pathlib import Path

from vpresearch.annotate import annotate
from vpresearch.files import put
from vpresearch.labels import text
from vpresearch.load import Examined
from vpresearch.project import shown
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


def write_copy(path: Path, examined: Examined, out: Path, language: str) -> str:
    """Write the copy with the faults marked, never over the file itself.

    Parameters
    ----------
    path : pathlib.Path
        The table.
    examined : Examined
        What was found in it.
    out : pathlib.Path
    language : {"es", "en"}

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
    put(out, annotate(path, examined.problems, language), private=True)
    return text("validation.annotated", language, name=out.name)


def _check_name(out: Path) -> None:
    if out.suffix.lower() != ".xlsx":
        raise refused(out.name, "not_xlsx")
