"""Files that the authors ask for beside the outputs: the empty workbook, and the marked copy of their own."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from vpresearch.annotate import annotate, table_bytes
from vpresearch.labels import text
from vpresearch.load import Examined, lengthened
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
    _write(out, template(language))
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
    _write(out, annotate(path, examined.problems, language))
    return text("validation.annotated", language, name=out.name)


def write_long(path: Path, examined: Examined, out: Path, language: str, *, drop_identifiers: bool = False) -> str:
    """Write the table anew with one row a vertebra, never over a file that is there.

    Parameters
    ----------
    path : pathlib.Path
        The table.
    examined : Examined
        What was found in it.
    out : pathlib.Path
    language : {"es", "en"}
    drop_identifiers : bool, default False

    Returns
    -------
    str
        What was done, and what was left out.

    Raises
    ------
    InputError
        If the name is not that of a new workbook.
    """
    _check_name(out)
    if out.exists():
        raise refused(out.name, "file_exists")
    codes = {problem.code for problem in examined.problems}
    if not codes & {"several_vertebrae", "redcap"}:
        return text("validation.not_reshaped", language)
    long, before = lengthened(path, language, drop_identifiers=drop_identifiers)
    _write(out, table_bytes(long.table, language))
    wording = "reshaped_redcap" if "redcap" in codes else "reshaped"
    said = [text(f"validation.{wording}", language, name=out.name, rows=len(long.table.rows), before=before)]
    if long.without:
        said.append(text("validation.reshaped_without", language, rows=", ".join(map(str, long.without))))
    if long.once:
        said.append(text("validation.reshaped_once", language, named=", ".join(long.once)))
    return "\n".join(said)


def _check_name(out: Path) -> None:
    if out.suffix.lower() != ".xlsx":
        raise refused(out.name, "not_xlsx")


def _write(out: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    aside = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # Patients' rows are for their owner alone, from the first byte on.
        aside.unlink(missing_ok=True)
        aside.touch(mode=0o600)
        aside.write_bytes(content)
        os.replace(aside, out)
    except OSError:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise refused(out.name, "cannot_write") from None
