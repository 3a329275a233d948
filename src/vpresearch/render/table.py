"""Tables: what each shows and holds, and how it is written as CSV, HTML and LaTeX."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from vpresearch.core.files import put_all
from vpresearch.inference import TestResult
from vpresearch.inference.describe import Summary
from vpresearch.render import labels
from vpresearch.render.html import NUMBERS, html_table, upper_heads
from vpresearch.results import Results

_STARTS = ("=", "+", "-", "@", "\t", "\n")
# Signs, digits and brackets alone, such as -0.3 (-0.9 – 0.2), can call nothing.
_NUMBERS = re.compile(r"[-+]?[\d.,;:%()\s–−∞/±*-]*")


def harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run, and let its lines end in one way."""
    # A lone carriage return would break the row of a CSV; blanks before the sign are cut by some programs.
    text = re.sub(r"\r\n?", "\n", text)
    dangerous = text.startswith(_STARTS) or text.lstrip().startswith(_STARTS)
    return f"'{text}" if dangerous and not _NUMBERS.fullmatch(text) else text


def harmless_frame(data: pd.DataFrame) -> pd.DataFrame:
    """Make every text of a table harmless, headers included; numbers stay as they are."""
    text = data.select_dtypes(["object", "string"]).columns
    # As objects, so that a whole number beside a gap stays one.
    safe = {name: pd.Series([_harmless_cell(cell) for cell in data[name]], data.index, object) for name in text}
    return data.assign(**safe).rename(columns=_harmless_cell)


def _harmless_cell(cell: object) -> object:
    return harmless(cell) if isinstance(cell, str) else cell


_STYLE = """
body { font-family: sans-serif; margin: 2em; color: #1a1a1a; }
table { border-collapse: collapse; border-top: 2px solid; border-bottom: 2px solid; }
caption { text-align: left; font-weight: bold; padding-bottom: 0.5em; }
.banner { color: #9a3412; font-weight: bold; }
th, td { padding: 0.25em 0.75em; text-align: left; vertical-align: top; }
th[colspan] { text-align: center; }
thead { border-bottom: 1px solid; }
p.note { font-size: 0.85em; margin: 0.4em 0; }
"""


HIDDEN = "•"
# Names of claims and files, which would hold a column as wide as they are.
_CODE = re.compile(r"[a-z]\w*([./]\w+)+")
_LATEX = str.maketrans(
    {
        **{sign: rf"\{sign}" for sign in "%&_#${}"},
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
        # At the start of a row a bracket would be an option of the line break, and a blank line would end the cell.
        "[": "{[}",
        "]": "{]}",
        "\n": " ",
        "\r": " ",
    }
)


@dataclass(frozen=True, repr=False)
class Table:
    """A table as data and as a reader sees it."""

    name: str
    data: pd.DataFrame
    shown: pd.DataFrame
    caption: str
    language: str
    reconstruction: bool
    notes: tuple[str, ...] = ()
    bold: tuple[int, ...] = field(default=())
    public: Callable[[int], Table] | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        # A notebook keeps it beside the table: it must not hold the data.
        return f"<Table {self.name}>"

    def to_csv(self) -> str:
        """Return the data as CSV; a reconstruction says so in the first column of every row."""
        data = self.data.copy()
        if self.reconstruction:
            data.insert(0, "data", labels.text("data.reconstruction", "en"))
        return harmless_frame(data).to_csv(index=False, lineterminator="\n")

    def for_public(self, min_cell: int) -> Table:
        """Return the table that everybody may see: counts of a few hidden, and the data no finer than what is shown."""
        table = self.public(min_cell) if self.public else self
        data = table.shown.copy()
        data.columns = pd.Index([_flat(name) for name in data.columns])
        return replace(table, data=data, public=None)

    def to_html(self) -> str:
        """Return a page of its own."""
        return (
            f'<!DOCTYPE html>\n<html lang="{self.language}">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{_to_html(self.caption)}</title>\n<style>{_STYLE}{NUMBERS}</style>\n</head>\n<body>\n"
            f"{self._html()}\n</body>\n</html>\n"
        )

    def to_latex(self) -> str:
        """Return a floating table for the booktabs package."""
        heads, rows = self._cells(_to_latex)
        said = (f"{self.caption}.", labels.banner(self.language, reconstruction=self.reconstruction))
        rows = [[rf"\bfseries {cell}" for cell in row] if at in self.bold else row for at, row in enumerate(rows)]
        spanned = [
            [rf"\multicolumn{{{span}}}{{c}}{{{head}}}" if span > 1 else head for head, span in row]
            for row in upper_heads(heads)
        ]
        numbers = self.numbers()
        lines = [
            "\\begin{table}",
            "\\centering",
            rf"\caption{{{' '.join(map(_to_latex, filter(None, said)))}}}",
            rf"\label{{tab:{self.name}}}",
            rf"\begin{{tabular}}{{{''.join('r' if at in numbers else 'l' for at in range(len(heads[-1])))}}}",
            "\\toprule",
            *(rf"{' & '.join(row)} \\" for row in (*spanned, heads[-1])),
            "\\midrule",
            *(rf"{' & '.join(row)} \\" for row in rows),
            "\\bottomrule",
            "\\end{tabular}",
            *(rf"\par\footnotesize {_to_latex(note)}" for note in self.notes),
            "\\end{table}",
        ]
        return "\n".join([*lines, ""])

    def _repr_html_(self) -> str:
        # The style goes with the table into notebooks.
        return f"<style>{NUMBERS}</style>\n{self._html()}"

    def _html(self) -> str:
        banner = labels.banner(self.language, reconstruction=self.reconstruction)
        table = html_table(
            *self._cells(_to_html),
            caption=_to_html(self.caption) + (f'<br><span class="banner">{banner}</span>' if banner else ""),
            numbers=self.numbers(),
            chosen=self.bold,
        )
        notes = "".join(f'\n<p class="note">{_to_html(note)}</p>' for note in self.notes)
        return f"{table}{notes}"

    def _cells(self, write_as: Callable[[object], str]) -> tuple[list[list[str]], list[list[str]]]:
        """Return the rows of heads, and the rows."""
        levels = map(self.shown.columns.get_level_values, range(self.shown.columns.nlevels))
        return [[*map(write_as, row)] for row in levels], [
            [*map(write_as, row)] for row in self.shown.to_numpy().tolist()
        ]

    def numbers(self) -> list[int]:
        """Positions of the columns of numbers, which belong to the right."""
        limits = labels.text("word.limits", self.language)
        number = re.compile(rf"(?:[-\d.,;:%()\s<>=–−∞/±+*{HIDDEN}]|\b{limits}\b)*")
        columns = [self.shown.iloc[:, place].astype(str) for place in range(self.shown.shape[1])]
        return [
            place
            for place, cells in enumerate(columns)
            if all(map(number.fullmatch, cells)) and any(re.search(r"\d", cell) for cell in cells)
        ]


Exhibit = Callable[[Results, str], Table]
# Every table of the report, by name.
TABLES: dict[str, Exhibit] = {}


def exhibit(lay_out: Exhibit) -> Exhibit:
    """Put a table among those of the report, under the name of the function that lays it out."""
    TABLES[lay_out.__name__.removesuffix("_table")] = lay_out
    return lay_out


def _to_latex(cell: object) -> str:
    return str(cell).translate(_LATEX)


def _to_html(cell: object) -> str:
    words = str(cell)
    # A spreadsheet opens HTML tables too.
    said = html.escape(harmless(words))
    return re.sub(r"([._/])", r"\1<wbr>", said) if _CODE.fullmatch(words) else said


def _flat(name: object) -> str:
    return " ".join(filter(None, map(str, name))) if isinstance(name, tuple) else str(name)


def hide(shown: pd.DataFrame, rows: Iterable[int], columns: Iterable[int]) -> pd.DataFrame:
    """Hide cells of a table as a reader sees it."""
    hidden = shown.copy()
    hidden.iloc[list(rows), list(columns)] = HIDDEN
    return hidden


def sizes(summaries: Sequence[Summary]) -> str:
    """Write of how many vertebrae without and with a leak a variable is known."""
    return " + ".join(str(summary.n) for summary in summaries)


def undone_note(tests: Iterable[tuple[str, TestResult]], language: str) -> tuple[str, ...]:
    """Say why tests have no result: once for all the tests and variables that have one reason."""
    asked, without = dict[str, None](), dict[tuple[str, str], list[str]]()
    for variable, test in tests:
        asked[variable] = None
        if test.reason:
            without.setdefault((test.reason, variable), []).append(labels.text(f"test.{test.test}", language))
    alike: dict[tuple[str, str], list[str]] = {}
    for (reason, variable), names in without.items():
        alike.setdefault((reason, ", ".join(names)), []).append(variable)
    named = []
    for (reason, tested), of in alike.items():
        each = ", ".join(labels.variable(variable, language) for variable in of)
        said = labels.text("footnote.every_variable", language) if len(asked) == len(of) > 1 else each
        named.append(f"{tested} ({said}): {labels.text(f'why_not.{reason}', language)}")
    return (labels.text("footnote.undone", language, list="; ".join(named)),) if named else ()


# -- cells -----------------------------------------------------------------------------------------------------------


def hidden_note(min_cell: int, language: str) -> str:
    """Say below a table what its hidden cells are."""
    return labels.text("footnote.hidden", language, least=min_cell)


def write(table: Table, folder: Path, min_cell: int = 0) -> Table:
    """Write a table as CSV, HTML and LaTeX."""
    table = table.for_public(min_cell) if min_cell else table
    contents = {"csv": table.to_csv(), "html": table.to_html(), "tex": table.to_latex()}
    put_all({folder / f"{table.name}.{suffix}": content for suffix, content in contents.items()})
    return table


def free_counts(data: pd.DataFrame, language: str) -> list[str]:
    """Write counts, of a reconstruction with how far each reaches over all of them."""
    if "free_least" not in data:
        return [str(n) for n in data["n"]]
    rows = data[["n", "free_least", "free_greatest"]].to_numpy(int).tolist()
    return [
        f"{n} [{labels.limits(str(least), str(greatest), language)}]" if least < greatest else str(n)
        for n, least, greatest in rows
    ]


def free_mean(least: float, greatest: float, language: str) -> str:
    """Write how far a mean reaches over all reconstructions, or the one number that it prints as in all."""
    low, high = (labels.number(end, 1, language) for end in (least, greatest))
    return low if low == high else labels.limits(low, high, language)


def without_single_values(data: pd.DataFrame, reconstruction: bool) -> pd.DataFrame:
    """Round what is some single patient's value to what the paper prints; a reconstruction has no patients."""
    order = [name for name in ("minimum", "q1", "median", "q3", "maximum") if name in data]
    return data if reconstruction else data.assign(**data[order].round(1))


def steady(data: pd.DataFrame, digits: int = 9) -> pd.DataFrame:
    """Keep the digits of fitted numbers that do not depend on the machine's vector instructions."""
    return data.assign(
        **{str(name): [float(f"{value:.{digits}g}") for value in data[name]] for name in data.select_dtypes("float")}
    )


def percent(value: float, language: str) -> str:
    """Write a percentage without decimals, as the paper does, but for what is rare or nearly all."""
    return labels.percent(value, 0, language) + ("" if math.isnan(value) else "%")
