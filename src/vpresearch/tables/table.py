"""A table as data and as a reader sees it, and how it is written."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from pandas.io.formats.style import Styler

from vpresearch import labels

_STYLE = """
body { font-family: sans-serif; margin: 2em; color: #1a1a1a; }
table { border-collapse: collapse; border-top: 2px solid; border-bottom: 2px solid; }
caption { text-align: left; font-weight: bold; padding-bottom: 0.5em; }
.banner { color: #9a3412; font-weight: bold; }
th, td { padding: 0.25em 0.75em; text-align: left; vertical-align: top; }
thead { border-bottom: 1px solid; }
p.note { font-size: 0.85em; margin: 0.4em 0; }
"""


_LATEX = str.maketrans(
    {
        **{sign: rf"\{sign}" for sign in "%&_#${}"},
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
    }
)


@dataclass(frozen=True)
class Table:
    """A table as data and as a reader sees it.

    Attributes
    ----------
    name : str
        Name of its files.
    data : pandas.DataFrame
        Full precision, tidy, canonical names.
    shown : pandas.DataFrame
        Formatted cells; the columns have several levels where headers span.
    caption : str
    language : {"es", "en"}
    reconstruction : bool
        Whether the data are a reconstruction; the table then says so.
    notes : tuple of str
        Lines below the table.
    bold : tuple of int
        Positions of the rows that stand out.
    """

    name: str
    data: pd.DataFrame
    shown: pd.DataFrame
    caption: str
    language: str
    reconstruction: bool
    notes: tuple[str, ...] = ()
    bold: tuple[int, ...] = field(default=())

    def to_csv(self) -> str:
        """Give the data as CSV; a reconstruction says so in the first column of every row."""
        data = self.data.copy()
        if self.reconstruction:
            data.insert(0, "data", labels.text("data.reconstruction", "en"))
        return data.to_csv(index=False, lineterminator="\n")

    def to_html(self) -> str:
        """Give a page of its own."""
        return (
            f'<!DOCTYPE html>\n<html lang="{self.language}">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{html.escape(self.caption)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
            f"{self._repr_html_()}\n</body>\n</html>\n"
        )

    def to_latex(self) -> str:
        """Give a floating table for the booktabs and multirow packages."""
        styler = self._styler(_to_latex)
        caption = " ".join(filter(None, (_to_latex(self.caption) + ".", _to_latex(self._banner()))))
        body = styler.to_latex(
            hrules=True,
            caption=caption,
            label=f"tab:{self.name}",
            position_float="centering",
            multicol_align="c",
            convert_css=True,
        )
        notes = "".join(f"\\par\\footnotesize {_to_latex(note)}\n" for note in self.notes)
        return body.replace("\\end{table}", f"{notes}\\end{{table}}")

    def _repr_html_(self) -> str:
        banner = self._banner()
        caption = html.escape(self.caption) + (f'<br><span class="banner">{banner}</span>' if banner else "")
        table = self._styler(html.escape).set_caption(caption).to_html(table_attributes="")
        notes = "".join(f'<p class="note">{html.escape(note)}</p>\n' for note in self.notes)
        return f"{table}{notes}"

    def _banner(self) -> str:
        return labels.text("banner.reconstruction", self.language) if self.reconstruction else ""

    def _styler(self, escape: Callable[[str], str]) -> Styler:
        styler = self.shown.style.hide(axis="index").set_uuid(self.name)
        styler = styler.format(lambda cell: escape(str(cell))).format_index(lambda cell: escape(str(cell)), axis=1)
        return styler.apply(self._weights, axis=None) if self.bold else styler

    def _weights(self, shown: pd.DataFrame) -> pd.DataFrame:
        weights = pd.DataFrame("", index=shown.index, columns=shown.columns)
        weights.iloc[list(self.bold)] = "font-weight: bold"
        return weights


def _to_latex(words: str) -> str:
    return words.translate(_LATEX)


def write(table: Table, folder: Path) -> Table:
    """Write a table as CSV, HTML and LaTeX.

    Parameters
    ----------
    table : Table
    folder : pathlib.Path
        Made where it is missing.

    Returns
    -------
    Table
        The same, so that a notebook can show what it writes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, content in (("csv", table.to_csv()), ("html", table.to_html()), ("tex", table.to_latex())):
        (folder / f"{table.name}.{suffix}").write_text(content, encoding="utf-8", newline="\n")
    return table


def steady(data: pd.DataFrame) -> pd.DataFrame:
    """Keep the digits of fitted numbers that do not depend on the machine's vector instructions.

    Parameters
    ----------
    data : pandas.DataFrame

    Returns
    -------
    pandas.DataFrame
        Nine significant digits.

    Examples
    --------
    >>> steady(pd.DataFrame({"slope": [0.0647891234567]})).loc[0, "slope"]
    np.float64(0.0647891235)
    """
    return data.assign(
        **{str(name): [float(f"{value:.9g}") for value in data[name]] for name in data.select_dtypes("float")}
    )


def percent(value: float, language: str) -> str:
    """Write a percentage without decimals, as the paper does.

    Parameters
    ----------
    value : float
    language : {"es", "en"}

    Returns
    -------
    str

    Examples
    --------
    >>> percent(36.6, "es")
    '37%'
    """
    number = labels.number(value, 0, language)
    return number if math.isnan(value) else f"{number}%"
