"""What the package raises: one base exception, and lists of problems that a clinician can mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# Beyond this nobody reads on; ``vpresearch validate --json`` gives all of them.
MOST_LISTED = 200


class VPResearchError(Exception):
    """Base of every error that the package raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in an input file, with the way to mend it.

    Attributes
    ----------
    code : str
        Reason code, stable across languages and releases (``missing_column``, ``out_of_range``, ...).
    message : str
        What is wrong, in one sentence.
    remedy : str
        What to do about it, in one sentence.
    sheet : str or None
        Worksheet of an Excel workbook.
    row : int or None
        Row as the user's own program numbers it: the header of a plain table is row 1.
    column : str or None
        Column header as it is written in the file.
    line : int or None
        Line of a text file.
    cell : str or None
        The cell as a spreadsheet names it, such as ``C7``; the row and the column say the same.
    wording : str
        Key of the words in the locale files; the empty string if there are none but the message itself.
    values : dict of str to object
        What those words leave open.
    """

    code: str
    message: str
    remedy: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    line: int | None = None
    cell: str | None = field(default=None, compare=False)
    wording: str = field(default="", compare=False, repr=False)
    values: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)

    def __str__(self) -> str:
        names = ("sheet", "line" if self.line else "row", "column", "cell")
        place = ", ".join(f"{name} {value}" for name in names if (value := getattr(self, name)) is not None)
        return f"{place + ': ' if place else ''}{self.message} {self.remedy}"


class InputError(VPResearchError):
    """An input file that cannot be used, with every problem found in it.

    Parameters
    ----------
    source : str
        Name of the file, without its folder.
    problems : sequence of Problem
        All that is wrong, in reading order.

    Examples
    --------
    >>> from vpresearch.errors import InputError, Problem
    >>> problem = Problem("out_of_range", "The value is above 10.", "Correct it.", row=3, column="vas_pre")
    >>> print(InputError("study.csv", [problem]))
    study.csv: 1 problem
      1. row 3, column vas_pre: The value is above 10. Correct it.
    """

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = [f"{source}: {count} problem{'' if count == 1 else 's'}"]
        lines += [f"  {number}. {problem}" for number, problem in enumerate(self.problems[:MOST_LISTED], start=1)]
        if count > MOST_LISTED:
            lines.append(f"  and {count - MOST_LISTED} more")
        super().__init__("\n".join(lines))
