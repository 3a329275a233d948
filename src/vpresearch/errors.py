"""What the package raises: one base exception, and lists of problems that a clinician can mend."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_PACKAGE = Path(__file__).parent
# Where Python and what was installed are; a package of another's is not where to look for a fault.
_STRANGERS = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}

# Beyond this nobody reads on; ``vpresearch validate --json`` gives all of them.
MOST_LISTED = 200
_MOST_PLACES = 12


class VPResearchError(Exception):
    """Base of every error that the package raises on purpose; its arguments are the problems that it tells of.

    Attributes
    ----------
    of_input : bool
        Whether what the user gave is at fault, and not what was done with it.
    """

    of_input = False

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


@dataclass(frozen=True)
class Place:
    """Where an error was raised, in words that can quote no row: its class, file and line."""

    error: str
    file: str
    line: int


class StrangerError(Exception):
    """An error of another package that does not survive its way from process to process; its place alone does."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.place = place


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
    rows : tuple of int
        Every row, where several have it; ``row`` is the first.
    columns, cells : tuple of str
        Every column and every cell, likewise.
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
    rows: tuple[int, ...] = field(default=(), compare=False, repr=False)
    columns: tuple[str, ...] = field(default=(), compare=False, repr=False)
    cells: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def places(self, more: str = "and {n} more") -> dict[str, object]:
        """Say where it is, by kind of place: one cell, or the rows and columns of several, the first of very many."""
        found: dict[str, object | None] = {"sheet": self.sheet}
        found |= {"rows": first_of(runs(self.rows), more)} if len(self.rows) > 1 else {"row": self.row}
        found |= {"columns": first_of(self.columns, more)} if len(self.columns) > 1 else {"column": self.column}
        found |= {"cell": self.cell if len(self.cells) < 2 else None, "line": self.line}
        return {name: place for name, place in found.items() if place is not None}

    def __str__(self) -> str:
        from vpresearch.telling import line, spoken

        return line(self, spoken())


def runs(rows: Sequence[int]) -> list[str]:
    """Write rows in order, those that follow one another as 2-9."""
    found: list[list[int]] = []
    for row in sorted(rows):
        if found and row == found[-1][-1] + 1:
            found[-1].append(row)
        else:
            found.append([row])
    return [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in found]


def first_of(names: Sequence[str], more: str = "…") -> str:
    """Write a list, of very many only the first and how many more."""
    # One more takes no more room than to say that there is one more.
    shown = names if len(names) <= _MOST_PLACES + 1 else names[:_MOST_PLACES]
    rest = [more.format(n=len(names) - len(shown))] if len(shown) < len(names) else []
    return " ".join([", ".join(shown), *rest])


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

    of_input = True

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        from vpresearch.telling import listed, spoken

        return listed(self.source, self.problems, spoken())


def place_of(error: BaseException) -> Place:
    """Tell where an error was raised, also in another process: the innermost line that is no stranger's.

    Parameters
    ----------
    error : BaseException

    Returns
    -------
    Place

    Examples
    --------
    >>> try:
    ...     InputError("study.csv", 1)
    ... except TypeError as error:
    ...     place_of(error).error, place_of(error).file
    ('TypeError', 'errors.py')
    """
    known: object = getattr(error, "place", None)
    if isinstance(known, Place):
        return known
    # What only hands errors on raises none.
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.name != placed.__name__]
    *_, frame = [each for each in frames if is_ours(each.filename)] or frames
    return Place(type(error).__name__, Path(frame.filename).name, frame.lineno or 0)


def is_ours(file: str) -> bool:
    """Whether a line of code is the package's or its user's, and not of Python or of an installed package."""
    path = Path(file)
    # What was compiled, or has no file, names none that could be looked at.
    another = not path.is_absolute() or any(path.is_relative_to(folder) for folder in _STRANGERS)
    return path.is_relative_to(_PACKAGE) or not another


def placed(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call a function in another process, so that an error of it comes back with its class and its place.

    Parameters
    ----------
    function : callable
    *args, **kwargs

    Returns
    -------
    object

    Raises
    ------
    Exception
        What the function raises, which knows its place; ``StrangerError`` where that cannot be sent.
    """
    try:
        return function(*args, **kwargs)
    except Exception as error:
        # Lazy: help and refusals start no process.
        from multiprocessing.reduction import ForkingPickler

        place = place_of(error)
        try:
            error.place = place  # type: ignore[attr-defined]
            kept = ForkingPickler.loads(ForkingPickler.dumps(error))
            whole = type(kept) is type(error) and str(kept) == str(error) and place_of(kept) == place
        except Exception:
            whole = False
        if whole:
            raise
        raise StrangerError(place) from None
