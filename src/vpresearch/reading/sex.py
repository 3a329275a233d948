"""The letter M alone, which is mujer to some and masculino to others."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from vpresearch.errors import Problem
from vpresearch.reading.raw import RawTable
from vpresearch.telling import tell

# One or two patients may well be men; a column without any woman is more likely coded H and M, or M and V.
_FEWEST = 3


def look_at_sex(raw: RawTable, positions: Mapping[str, int], table: pd.DataFrame) -> list[Problem]:
    """Tell a column of sexes where M stands, and nothing says that it is not mujer.

    Parameters
    ----------
    raw : RawTable
    positions : dict of str to int
    table : pandas.DataFrame, shape (n_vertebrae, n_columns)
        The same, typed.

    Returns
    -------
    list of Problem
        One for the column, at its first M.

    Examples
    --------
    >>> raw = RawTable(None, 1, ("Sexo",), {2: ("M",), 3: ("Hombre",), 4: ("M",)})
    >>> table = pd.DataFrame({"sex": ["M", "M", "M"], "patient_id": ["1", "2", "3"]}, index=[2, 3, 4])
    >>> print(*look_at_sex(raw, {"sex": 0}, table))  # doctest: +ELLIPSIS
    row 2, column Sexo: With M alone nobody can tell...
    """
    if not {"sex", "patient_id"} <= set(table) or table["sex"].eq("F").any():
        return []
    at = positions["sex"]
    letters = [row for row, cells in raw.rows.items() if at < len(cells) and str(cells[at]).strip() in {"M", "m"}]
    if not letters or table["patient_id"].nunique() < _FEWEST:
        return []
    return [tell("sex_m", row=letters[0], column=raw.header[at])]
