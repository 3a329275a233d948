"""A file of a table, a workbook or delimited text, as raw cells."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from vpresearch.core.dictionary import columns, fold, of_dictionary
from vpresearch.core.errors import refused
from vpresearch.reading.headers import known_headers
from vpresearch.reading.raw import MAX_BYTES, MOST_RECORDS, Sheet, is_blank

_DELIMITERS = ";,\t"
_FEWEST_KNOWN = 2
# Of MS-DOS, and of the Macintosh before it took Unicode.
_OTHER_ENCODINGS = ("cp850", "cp437", "mac_roman")
_LOOKED_AT = 20_000


def read_delimited(name: str, content: bytes) -> list[Sheet]:
    """Read a CSV once with each delimiter; which one it was written with is seen by the headers that it gives."""
    text = _decode(name, content)
    sheets = []
    for delimiter in _DELIMITERS:
        try:
            records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            sheets.append(Sheet(None, _numbered(records)))
        except csv.Error:
            if line := _misquoted(text, delimiter, records.line_num):
                raise refused(name, "stray_quote", row=line) from None
    if not sheets:
        raise refused(name, "broken_csv")
    return sheets


def _misquoted(text: str, delimiter: str, stopped: int) -> int:
    """Give the line of a table with this delimiter whose quotation marks enclose no cell; 0 for another table."""
    lines = text.splitlines()
    width = lines[0].count(delimiter) if lines else 0
    if known_headers(lines[0].split(delimiter)) < _FEWEST_KNOWN:
        return 0
    odd = [number for number, line in enumerate(lines, start=1) if line.count('"') % 2]
    # A cell of several lines is open where a row would be whole otherwise.
    return next((n for n in odd if n == len(lines) or lines[n].count(delimiter) >= width), odd[-1] if odd else stopped)


def _numbered(records: Iterable[list[str]]) -> dict[int, tuple[object, ...]]:
    numbered = enumerate(records, start=1)
    kept = ((number, tuple(cells)) for number, cells in numbered if not all(map(is_blank, cells)))
    return dict(islice(kept, MOST_RECORDS))


def _decode(name: str, content: bytes) -> str:
    try:
        # Excel calls it Unicode text.
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
        understood = {encoding: _understood(content.decode(encoding)) for encoding in _OTHER_ENCODINGS}
        if max(understood.values()) > _understood(text):
            raise refused(name, "other_encoding") from None
    if "\0" in text:
        raise refused(name, "not_text")
    if not text.strip():
        raise refused(name, "empty_file")
    return text


def _understood(text: str) -> int:
    """Count the words of the study with a letter beyond ASCII, which tell one encoding from another."""
    cells = re.split(r'[;,\t\r\n"]+', text[:_LOOKED_AT])
    return sum(not cell.isascii() and (known_headers([cell]) or fold(cell) in _categories()) for cell in cells)


@of_dictionary
def _categories() -> frozenset[str]:
    return frozenset(fold(each) for c in columns().values() for level in c.levels for each in level.spellings())


_OLD = {".xls", ".xlt", ".ods", ".fods", ".numbers"}
_WITH_MACROS = {".xlsm", ".xltm", ".xlsb", ".xlam"}
# What is a table, or is refused as one.
OF_TABLES = {".csv", ".xlsx"} | _OLD | _WITH_MACROS


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
    return read_delimited(path.name, content)
