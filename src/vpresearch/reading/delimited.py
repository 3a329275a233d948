"""A CSV into cells, whatever delimiter and encoding the program that saved it took."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from itertools import islice

from vpresearch.reading.raw import MOST_RECORDS, Sheet, is_blank
from vpresearch.telling import refused

_DELIMITERS = ";,\t"


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
    sheets = []
    for delimiter in _DELIMITERS:
        try:
            records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            sheets.append(Sheet(None, _numbered(records)))
        except csv.Error:
            continue
    if not sheets:
        raise refused(name, "broken_csv")
    return sheets


def _numbered(records: Iterable[list[str]]) -> dict[int, tuple[object, ...]]:
    numbered = enumerate(records, start=1)
    kept = ((number, tuple(cells)) for number, cells in numbered if not all(map(is_blank, cells)))
    return dict(islice(kept, MOST_RECORDS))


def _decode(name: str, content: bytes) -> str:
    if b"\x00" in content:
        raise refused(name, "not_text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if not text.strip():
        raise refused(name, "empty_file")
    return text
