"""What the package raises: one base exception, and lists of problems that a clinician can mend."""

from __future__ import annotations

import pickle
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


class VPResearchError(Exception):
    """Base of every error that the package raises on purpose."""


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
        names = ("sheet", "row", "column", "cell", "line")
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

    def __reduce__(self) -> tuple[object, ...]:
        # An exception is made anew from its words; this one is made from its problems.
        return type(self), (self.source, self.problems), self.__dict__


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
        place = place_of(error)
        try:
            error.place = place  # type: ignore[attr-defined]
            kept = pickle.loads(pickle.dumps(error))
            whole = type(kept) is type(error) and str(kept) == str(error) and place_of(kept) == place
        except Exception:
            whole = False
        if whole:
            raise
        raise StrangerError(place) from None
