"""Files into sheets, by the kind of file; what is not a table is refused before a library opens it."""

from __future__ import annotations

from pathlib import Path

from vpresearch.core.errors import refused
from vpresearch.reading.raw import MAX_BYTES, Sheet

_OLD = {".xls", ".xlt", ".ods", ".fods", ".numbers"}
_WITH_MACROS = {".xlsm", ".xltm", ".xlsb", ".xlam"}


def read_bytes(path: Path) -> bytes:
    """Read a file whose name and size are those of a table."""
    name, suffix = path.name, path.suffix.lower()
    if path.is_dir():
        raise refused(name, "folder_in_the_way")
    if not path.is_file():
        leads = "dead_link" if path.is_symlink() else "no_file"
        raise refused(name, "not_a_file" if path.exists() else leads)
    if name.startswith("~$"):
        raise refused(name, "file_type", wording="lock_file")
    if suffix in _WITH_MACROS:
        raise refused(name, "macros")
    if suffix in _OLD:
        raise refused(name, "file_type", wording="old_spreadsheet", suffix=path.suffix)
    if suffix not in {".csv", ".xlsx"}:
        wording = "file_type" if suffix else "file_type_none"
        raise refused(name, "file_type", wording=wording, suffix=path.suffix)
    if path.stat().st_size > MAX_BYTES:
        raise refused(name, "too_large", megabytes=MAX_BYTES // 1024**2)
    content = path.read_bytes()
    if not content.strip():
        raise refused(name, "empty_file")
    return content


def read_sheets(path: Path, content: bytes) -> list[Sheet]:
    """Read the sheets of a workbook, or the ways in which a text can be cut into cells."""
    # Lazy: openpyxl is slow to import, and a CSV needs none of it.
    if path.suffix.lower() == ".xlsx":
        from vpresearch.reading.workbook import read_workbook

        return read_workbook(path.name, content)
    from vpresearch.reading.delimited import read_delimited

    return read_delimited(path.name, content)
