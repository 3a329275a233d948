"""The letter M alone, which is mujer to some and masculino to others."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from vpresearch.dictionary import fold
from vpresearch.errors import Problem
from vpresearch.reading.raw import RawTable, cell_at
from vpresearch.telling import tell

# One or two patients may well be men; a column without any woman is more likely coded H and M, or M and V.
_FEWEST = 3


def look_at_sex(raw: RawTable, positions: Mapping[str, int], table: pd.DataFrame) -> list[Problem]:
    """Tell a column of sexes where M stands for men, and beside it something that says that it may be mujer.

    Parameters
    ----------
    raw : RawTable
    positions : dict of str to int
    table : pandas.DataFrame, shape (n_vertebrae, n_columns)
        The same, typed.

    Returns
    -------
    list of Problem
        One a row with an M.

    Examples
    --------
    >>> raw = RawTable(None, 1, ("Sexo",), {2: ("M",), 3: ("Hombre",), 4: ("M",)})
    >>> table = pd.DataFrame({"sex": ["M", "M", "M"], "patient_id": ["1", "2", "3"]}, index=[2, 3, 4])
    >>> print(*look_at_sex(raw, {"sex": 0}, table))  # doctest: +ELLIPSIS
    row 2, column Sexo: With M alone nobody can tell...
    """
    if not {"sex", "patient_id"} <= set(table):
        return []
    at = positions["sex"]
    words = {row: fold(cell_at(cells, at)) for row, cells in raw.rows.items()}
    women = {word for row, word in words.items() if table["sex"].get(row) == "F"}
    # Beside Varón, Hombre, V or H, M is no man, unless women are F; beside Mujer alone, it is.
    other_men = any(word[:1] in {"h", "v"} and word != "hembra" for word in words.values())
    letters = [row for row, word in words.items() if word == "m"]
    sure = women and (not other_men or not all(word.startswith("mujer") for word in women))
    if sure or table["patient_id"].nunique() < _FEWEST:
        return []
    return [tell("sex_m", row=row, column=raw.header[at]) for row in letters]
