"""Ids of patients that differ in nothing but how they are written: one patient must not become two."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from vpresearch.dictionary import fold
from vpresearch.errors import Problem
from vpresearch.telling import tell

_BLANK = re.compile(r"(?<!\d) | (?!\d)")
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def look_at_ids(table: pd.DataFrame, headers: Mapping[str, str]) -> list[Problem]:
    """Find the ids that are another one but for case, accents, blanks, signs or leading zeros.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_vertebrae, n_columns)
    headers : dict of str to str
        The header in the file, by canonical column.

    Returns
    -------
    list of Problem
        One an id, on the first row that has it.

    Examples
    --------
    >>> ids = pd.DataFrame({"patient_id": ["P1", "p 01", "P2"]}, index=[2, 3, 4])
    >>> print(*look_at_ids(ids, {"patient_id": "Paciente"}))  # doctest: +ELLIPSIS
    row 3, column Paciente: The code is that of row 2, written in another way...
    """
    if "patient_id" not in table:
        return []
    first: dict[str, tuple[str, int]] = {}
    found: dict[str, Problem] = {}
    for row, written in table["patient_id"].dropna().drop_duplicates().items():
        known, where = first.setdefault(_key(written), (written, int(str(row))))
        if known != written:
            column = headers.get("patient_id")
            found.setdefault(written, tell("ids_alike", row=int(str(row)), column=column, first_row=where))
    return list(found.values())


def _key(written: str) -> str:
    return _ZEROS.sub("", _BLANK.sub("", fold(written)))
