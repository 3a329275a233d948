"""A CSV into cells, whatever delimiter and encoding the program that saved it took."""

from __future__ import annotations

import csv
import io
import re
from functools import cache

from vpresearch.dictionary import columns
from vpresearch.reading.headers import known_headers
from vpresearch.reading.raw import MOST_RECORDS, Sheet, is_blank
from vpresearch.telling import refused

_DELIMITERS = ";,\t"
_SEARCHED = 20
_SHORT = 2
# Encodings of other times and systems, by the name that people know.
_OTHERS = {"cp850": "MS-DOS", "cp437": "MS-DOS", "mac_roman": "Macintosh"}


def read_delimited(name: str, content: bytes) -> list[Sheet]:
    """Read a CSV once with each delimiter; which one it was written with is seen by the headers that it gives.

    Parameters
    ----------
    name : str
        Name of the file.
    content : bytes

    Returns
    -------
    list of Sheet

    Raises
    ------
    InputError
        If the content is no text, or cannot be cut into cells in any way.

    Examples
    --------
    >>> [sheet.records for sheet in read_delimited("study.csv", b"Nivel;Fuga")]
    [{1: ('Nivel', 'Fuga')}, {1: ('Nivel;Fuga',)}, {1: ('Nivel;Fuga',)}]
    """
    text = _decode(name, content)
    read = [_read(text, delimiter) for delimiter in _DELIMITERS]
    broken = [(_headers(sheet), line) for sheet, line in read if line is not None]
    sheets = [sheet for sheet, line in read if line is None]
    known, line = max(broken, default=(0, 0))
    if not sheets or known > max(map(_headers, sheets)):
        raise refused(name, "broken_csv", line=line)
    return sheets


def _read(text: str, delimiter: str) -> tuple[Sheet, int | None]:
    """Cut a text into rows; where that fails, give those before, and the line of the row where it does."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records: dict[int, tuple[object, ...]] = {}
    lines: dict[int, int] = {}
    number, line, fails = 0, 1, None
    try:
        for number, cells in enumerate(reader, start=1):
            if not all(map(is_blank, cells)):
                records[number], lines[number] = tuple(cells), line
                if len(records) == MOST_RECORDS:
                    break
            line = reader.line_num + 1
    except csv.Error:
        fails = line
    return Sheet(None, records, lines=lines), fails


def _headers(sheet: Sheet) -> int:
    return max(map(known_headers, list(sheet.records.values())[:_SEARCHED]), default=0)


def _decode(name: str, content: bytes) -> str:
    if b"\x00" in content:
        raise refused(name, "not_text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        other = _other_encoding(content)
        if other:
            raise refused(name, "csv_encoding", encoding=other) from None
        text = content.decode("latin-1")
    if not text.strip():
        raise refused(name, "empty_file")
    return text


def _other_encoding(content: bytes) -> str:
    """Name the encoding in which more of the study's own words can be read than in that of Windows."""
    found = {encoding: _readable(content, encoding) for encoding in ("latin-1", *_OTHERS)}
    return _OTHERS.get(max(found, key=lambda encoding: found[encoding]), "")


def _readable(content: bytes, encoding: str) -> int:
    """Count the accented words of headers and categories in a text; one of two letters must fill its cell."""
    words = [coded for word in _accented() if (coded := word.encode(encoding, "ignore")).decode(encoding) == word]
    short, long = ([re.escape(word) for word in words if (len(word) > _SHORT) is is_long] for is_long in (False, True))
    letter, edge = rb"[A-Za-z\x80-\xff]", rb"[;,\t\r\n\"]"
    parts = (letter, b"|".join(long), letter, edge, b"|".join(short), edge)
    return len(re.findall(rb"(?<!%b)(?:%b)(?!%b)|(?<=%b)(?:%b)(?=%b)" % parts, content))


@cache
def _accented() -> frozenset[str]:
    spellings = [word for column in columns().values() for word in column.spellings()]
    spellings += [word for column in columns().values() for level in column.levels for word in level.spellings()]
    words = {word for spelling in spellings for word in re.findall(r"\w+", spelling) if not word.isascii()}
    return frozenset(form for word in words for form in (word.lower(), word.upper(), word.capitalize()))
