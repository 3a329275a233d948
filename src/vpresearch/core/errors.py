"""Problems and errors: what is wrong, where, how to mend it, and how a terminal says it."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import sysconfig
import traceback
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import yaml

T = TypeVar("T")

_PACKAGE = Path(__file__).parents[1]
# Where Python and what was installed are; a package of another's is not where to look for a fault.
_STRANGERS = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}

# Beyond this nobody reads on; ``vpresearch validate --json`` gives all of them.
MOST_LISTED = 200
_MOST_PLACES = 12


class VPResearchError(Exception):
    """Base of every error that the package raises on purpose; its arguments are the problems that it tells of."""

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
    """One thing that is wrong in an input file, with the way to mend it."""

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
    >>> import vpresearch as vp
    >>> from vpresearch.core.errors import Problem
    >>> problem = Problem("out_of_range", "It is above 10.", "Correct it.", row=3)
    >>> print(vp.InputError("study.csv", [problem]))
    study.csv: 1 problem
      1. row 3: It is above 10. Correct it.
    """

    of_input = True

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(source, self.problems)

    def __str__(self) -> str:

        return listed(self.source, self.problems, spoken())


def place_of(error: BaseException) -> Place:
    """Return where an error was raised, also in another process: the innermost line that is no stranger's."""
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
    """Call a function in another process, so that an error of it comes back with its class and its place."""
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


if TYPE_CHECKING:
    from tqdm import tqdm

Failure = TypeVar("Failure", bound=VPResearchError)
LANGUAGES = ("es", "en")
# What a command speaks, for all the processes that it starts; without one, the library speaks English.
SPOKEN = "VPRESEARCH_LANGUAGE"
# Packages that a part of the product needs, by the extra that installs them.
_EXTRAS = {
    "notebooks": ("ipykernel", "jupyter_client", "nbconvert", "nbformat", "papermill"),
    "app": ("anywidget", "ipywidgets", "jupyter_server", "jupyterlab", "voila"),
    "report": ("pypandoc",),
}
# Values that are named in the language, and where its words for them are.
_NAMED = {"unit": "unit", "kind": "identifier"}
# Words for a whole patient, which name no single column, and words that differ by the row that they name.
_OF_SEVERAL_COLUMNS = {"constant_empty", "constant_several", "patient_once", "kind_without_leak"}
_OF_ONE_ROW = {"constant": "constant_many", "ids_alike": "ids_alike_many"}
_MOST_VALUES = 5
_LOCALES = _PACKAGE / "locales"
# How our signs are written where a terminal, or a file in its place, knows no others than those of ASCII.
_SPELLED = """≥>= ≤<= ≠!= ±+/- ×x ·- •* →-> …... ∞inf −- –- —- ‘' ’' “" ”" «" »" ¿ ¡ ²2 ³3 ºo ªa χchi κkappa µu"""
_IN_ASCII = {"\xa0": " "} | {pair[0]: pair[1:] for pair in _SPELLED.split(" ")}
# Controls, among them the sign that begins the commands of a terminal; what turns the order of letters, or is not seen.
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
# The one in C, where there is one, takes a tenth of the time, and every kernel reads its words.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def words(language: str) -> dict[str, Any]:
    """Read the locale file of a language."""
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language}")
    content: dict[str, Any] = yaml.load((_LOCALES / f"{language}.yaml").read_text(encoding="utf-8"), _LOADER)
    return content


def tell(
    code: str,
    *,
    wording: str = "",
    sheet: str | None = None,
    row: int | None = None,
    column: str | None = None,
    cell: str | None = None,
    line: int | None = None,
    **values: object,
) -> Problem:
    """Make a problem whose words are in the locale files."""
    blank = Problem(code, "", "", sheet, row, column, line, cell, wording or code, values)
    return told(blank, "en")


def told(problem: Problem, language: str) -> Problem:
    """Put a problem into a language."""
    if not problem.wording:
        return problem
    own = words(language)["problem"][problem.wording]
    values = {name: _said(name, value, language) for name, value in problem.values.items()}
    return replace(problem, message=own["message"].format(**values), remedy=own["remedy"].format(**values))


def retold(problem: Problem, wording: str) -> Problem:
    """Put a problem into other words, in English."""
    return told(replace(problem, wording=wording), "en")


def _said(name: str, value: object, language: str) -> str:
    if name in _NAMED:
        # A unit that a study declares is the same in every language.
        return str(words(language)[_NAMED[name]].get(value, value))
    if isinstance(value, Mapping):
        return str(value[language])
    if isinstance(value, float):
        return f"{value:g}".replace(".", words(language)["decimal_mark"])
    return str(value)


def grouped(problems: Sequence[Problem]) -> list[Problem]:
    """Make one problem of all that have one cause: the same words about many rows of one or several columns."""
    of_a_column: dict[tuple[object, ...], list[Problem]] = {}
    for place, problem in enumerate(problems):
        whole = problem.wording in _OF_SEVERAL_COLUMNS
        said: object = problem.wording if problem.wording in _OF_ONE_ROW else (problem.message, problem.remedy)
        # What has no row is told of the whole column or file, and stands alone.
        alone = place if problem.row is None else None
        key: tuple[object, ...] = (problem.code, problem.sheet, said, alone, None if whole else problem.column)
        of_a_column.setdefault(key, []).append(problem)
    alike: dict[tuple[object, ...], list[Problem]] = {}
    for key, found in of_a_column.items():
        # Columns that were filled in one way have the same faults on the same rows.
        rows = tuple(problem.row for problem in found)
        alike.setdefault((*key[:4], rows) if len(rows) > 1 else key, []).extend(found)
    return [_one(found) for found in alike.values()]


def _one(found: Sequence[Problem]) -> Problem:
    first = found[0]
    rows = tuple(dict.fromkeys(problem.row for problem in found if problem.row is not None))
    columns = tuple(dict.fromkeys(problem.column for problem in found if problem.column is not None))
    cells = tuple(dict.fromkeys(problem.cell for problem in found if problem.cell is not None))
    if len({(problem.message, problem.remedy) for problem in found}) > 1:
        first = retold(first, _OF_ONE_ROW[first.wording])
    return replace(first, rows=rows, columns=columns, cells=cells)


def line(problem: Problem, language: str, values: Mapping[str, object] = MappingProxyType({})) -> str:
    """Write a problem with its place in one line."""
    names = words(language)["where"]
    # A column that is not there is in no place; the words name it in their language.
    gone = problem.column is not None and problem.column == problem.values.get("name")
    places = (replace(problem, column=None) if gone else problem).places(names["more"])
    # The cell says the row.
    order = ("sheet", "rows", "cell" if "cell" in places else "row", "columns", "column", "line")
    place = ", ".join(f"{names[name]} {places[name]}" for name in order if name in places)
    said = [_quoted(values[cell], language) for cell in problem.cells or (problem.cell or "",) if cell in values]
    said = list(dict.fromkeys(said))
    shown = "; ".join([*said[:_MOST_VALUES], *(["..."] if len(said) > _MOST_VALUES else [])])
    value = f" ({names['value' if len(said) == 1 else 'values']}: {shown})" if said else ""
    problem = told(problem, language)
    return f"{place}{value}{': ' if place else ''}{problem.message} {problem.remedy}"


def _quoted(value: object, language: str) -> str:
    # What the author wrote stays as it is written; a number is shown as Excel does.
    if isinstance(value, str):
        return str(words(language)["where"]["quoted"]).format(value=value.strip())
    return exact(float(str(value)), language)


def exact(value: float, language: str) -> str:
    """Write a number as a spreadsheet shows it, with the decimal mark of the language."""
    return f"{value:.10g}".replace(".", words(language)["decimal_mark"])


def listed(
    source: str, problems: Sequence[Problem], language: str, values: Mapping[str, object] = MappingProxyType({})
) -> str:
    """Write all the problems of a file, one a line."""
    names, count = words(language)["where"], len(problems)
    lines = [f"{visible(source)}: {count} {names['problem' if count == 1 else 'problems']}"]
    lines += [
        f"  {number}. {visible(line(problem, language, values))}"
        for number, problem in enumerate(problems[:MOST_LISTED], 1)
    ]
    if count > MOST_LISTED:
        lines.append("  " + names["more"].format(n=count - MOST_LISTED))
    return "\n".join(lines)


# What the disk or the system may refuse whatever the program does right, by the words for it.
_OF_THE_SYSTEM = {
    "disk_full": ("ENOSPC", "EDQUOT", "EFBIG"),
    "disk_fails": ("EIO", "ESTALE", "ETIMEDOUT", "EHOSTDOWN", "ENOTCONN", "ENODEV", "ENXIO"),
    "no_permission": ("EACCES", "EPERM"),
    "cannot_write": ("EROFS", "ETXTBSY", "EBUSY"),
    "too_many_files": ("EMFILE", "ENFILE"),
    "no_memory": ("ENOMEM", "EAGAIN"),
    "file_in_the_way": ("ENOTDIR", "EEXIST"),
    "folder_in_the_way": ("EISDIR",),
    "name_too_long": ("ENAMETOOLONG",),
    "file_gone": ("ENOENT",),
    "dead_link": ("ELOOP",),
}


def of_the_system(error: BaseException) -> InputError | None:
    """Report an error that the disk, the system or a package that is not installed gave as the user's trouble."""
    # Some libraries hand the number on in an error of their own.
    number = errno.errorcode.get(getattr(error, "errno", None) or 0, "")
    code = next((code for code, names in _OF_THE_SYSTEM.items() if number in names), None)
    if isinstance(error, ModuleNotFoundError):
        missing = (error.name or "").split(".")[0]
        extra = next((extra for extra, modules in _EXTRAS.items() if missing in modules), None)
        return refused("vpresearch", "needs_extra", extra=extra) if extra else None
    if isinstance(error, MemoryError) or "can't start new thread" in str(error):
        code = "no_memory"
    if isinstance(error, RuntimeError) and str(error).startswith("Symlink loop"):
        # So pathlib tells it, up to Python 3.12.
        code = "dead_link"
    if code is None:
        return None
    name = getattr(error, "filename", None)
    path = Path(os.fsdecode(name) if isinstance(name, (str, bytes)) else "vpresearch")
    # Of a path through a file, that file is what is wrong.
    path = next((each for each in path.parents if each.is_file()), path) if code == "file_in_the_way" else path
    # What a run writes aside has names that tell nobody anything.
    path = next((each.parent for each in reversed((path, *path.parents)) if each.name == "private"), path)
    return refused(path.name, code)


def refused(source: str, code: str, **values: object) -> InputError:
    """Make the error of a file that has one thing wrong with it."""
    return InputError(source, [tell(code, **values)])  # type: ignore[arg-type]


def failure(code: str, kind: type[Failure] = VPResearchError, **values: object) -> Failure:  # type: ignore[assignment]
    """Make the error of something that could not be done, though no file of the user's is wrong."""
    return kind(tell(code, **values))  # type: ignore[arg-type]


# -- the terminal ------------------------------------------------------------------------------------------------


def spoken() -> str:
    """Return the language of the command that runs, in all its processes; English without one."""
    language = os.environ.get(SPOKEN)
    return language if language in LANGUAGES else "en"


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let this process, and those that it starts, speak a language."""
    before = os.environ.get(SPOKEN)
    os.environ[SPOKEN] = language
    try:
        yield
    finally:
        os.environ.pop(SPOKEN)
        os.environ |= {} if before is None else {SPOKEN: before}


def visible(text: str) -> str:
    r"""Write what would steer a terminal, turn the order of letters or not be seen as the escapes of Python."""
    if text.isprintable():
        return text
    return "".join(
        sign.encode("unicode_escape").decode() if unicodedata.category(sign) in _UNSEEN else sign for sign in text
    )


def say(text: str, file: TextIO | None = None) -> None:
    """Print lines: the only way to the terminal, which shows all that is in them and obeys nothing."""
    print("\n".join(map(visible, text.split("\n"))), file=file, flush=True)


def say_anything() -> None:
    """Let standard output and error write every sign, whatever their encoding, into nothing where they were closed."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            # The lowest number that is free is the stream's own, which else a file of the run would get.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), "r" if name == "stdin" else "w"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_spell.__name__)


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Spell signs that an encoding lacks in ASCII."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_in_ascii, error.object[error.start : error.end])), error.end


def _in_ascii(sign: str) -> str:
    if sign in _IN_ASCII:
        return _IN_ASCII[sign]
    # A letter without its accents; of anything else, such as ½ or ≠, a part would say something else.
    letter = unicodedata.normalize("NFD", sign).encode("ascii", "ignore").decode() if sign.isalpha() else ""
    return letter or sign.encode("ascii", "backslashreplace").decode()


codecs.register_error(_spell.__name__, _spell)


def progress_bar(
    what: str, total: int, language: str | None, items: Iterable[Any] | None = None, done: int = 0
) -> tqdm[Any]:
    """Show how far a long job is, and the time left, on standard error."""
    from tqdm import tqdm

    # The bar's monitor is a thread, and a process with threads cannot be copied.
    tqdm.monitor_interval = 0
    said = words(language or LANGUAGES[0])["progress"]
    return tqdm(items, said[what], total, initial=done, disable=language is None, bar_format=said["bar"])
