"""Cells that a spreadsheet would take for a formula, written so that it does not."""

from __future__ import annotations

import re

import pandas as pd

_STARTS = ("=", "+", "-", "@", "\t", "\n")
# Signs, digits and brackets alone, such as -0.3 (-0.9 – 0.2), can call nothing.
_NUMBERS = re.compile(r"[-+]?[\d.,;:%()\s–−∞/±*-]*")


def harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run, and let its lines end in one way.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> harmless("=cmd|' /C calc'!A0"), harmless("-0.3 (-0.9 – 0.2)"), harmless("T12")
    ("'=cmd|' /C calc'!A0", '-0.3 (-0.9 – 0.2)', 'T12')
    """
    # A lone carriage return would break the row of a CSV; blanks before the sign are cut by some programs.
    text = re.sub(r"\r\n?", "\n", text)
    dangerous = text.startswith(_STARTS) or text.lstrip().startswith(_STARTS)
    return f"'{text}" if dangerous and not _NUMBERS.fullmatch(text) else text


def harmless_frame(data: pd.DataFrame) -> pd.DataFrame:
    """Make every text of a table harmless, headers included; numbers stay as they are.

    Parameters
    ----------
    data : pandas.DataFrame

    Returns
    -------
    pandas.DataFrame
    """
    text = data.select_dtypes(["object", "string"]).columns
    # As objects, so that a whole number beside a gap stays one.
    safe = {name: pd.Series([_harmless_cell(cell) for cell in data[name]], data.index, object) for name in text}
    return data.assign(**safe).rename(columns=_harmless_cell)


def _harmless_cell(cell: object) -> object:
    return harmless(cell) if isinstance(cell, str) else cell
