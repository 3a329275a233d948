"""From a paper's YAML to its claims: every printed number, where it stands and what to compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from vpresearch.dictionary import columns
from vpresearch.errors import InputError, Problem
from vpresearch.reported import Reported

Kind = Literal["count", "percentage", "mean", "sd", "minimum", "maximum", "p", "verbal"]
Statistic = Literal["n", "percent", "mean", "sd", "min", "max", "p", "difference", "smallest_p", "lead"]
Unit = Literal["patients", "vertebrae"]

_CLAIM_KEYS = {"id", "printed", "kind", "unit", "places", "says", "compute"}
_COMPUTE_KEYS = {"statistic", "over", "variable", "variables", "group", "minus", "within", "fell"}
_VARIABLE_KEYS = {"over", "step", "low", "high", "also", "most_equal", "ratio"}


@dataclass(frozen=True)
class Compute:
    """What to compute for a claim.

    Attributes
    ----------
    statistic : str
        ``n``, ``percent``, ``mean``, ``sd``, ``min``, ``max``, ``p`` (of the paper's protocol, by leak),
        ``difference`` (of two means), ``smallest_p``, or ``lead`` (of a category over the next one).
    over : {"patients", "vertebrae"}
        Unit of analysis.
    variable : str or None
        Canonical column.
    variables : tuple of str
        Canonical columns, for ``smallest_p``.
    group : dict of str to str
        Which rows: canonical value by column.
    minus : dict of str to str
        The rows of the mean that is subtracted, for ``difference``.
    within : dict of str to str
        The rows that a percentage or a lead refers to; all of them where empty.
    fell : tuple of str
        Two columns: the rows in which the second is less than the first.
    """

    statistic: Statistic
    over: Unit
    variable: str | None = None
    variables: tuple[str, ...] = ()
    group: Mapping[str, str] = field(default_factory=dict)
    minus: Mapping[str, str] = field(default_factory=dict)
    within: Mapping[str, str] = field(default_factory=dict)
    fell: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """One thing that the paper prints about its own patients.

    Attributes
    ----------
    id : str
        ``place.quantity[.group].statistic``.
    printed : Reported
        The number as printed; for a verbal claim, the bound that decides it.
    kind : str
        ``count``, ``percentage``, ``mean``, ``sd``, ``minimum``, ``maximum``, ``p`` or ``verbal``.
    places : tuple of str
        Everywhere that the paper prints it.
    compute : Compute
    unit : str or None
        Unit of measurement.
    says : dict of str to str
        What a verbal claim says, in our own words, by language.
    """

    id: str
    printed: Reported
    kind: Kind
    places: tuple[str, ...]
    compute: Compute
    unit: str | None = None
    says: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Grid:
    """The grid that a variable is recorded on.

    Attributes
    ----------
    over : {"patients", "vertebrae"}
        What one record belongs to.
    step : str
        Distance of neighbouring values, as a decimal number.
    low, high : str or None
        Ends of the scale.
    also : tuple of str
        Other low ends that the scale may have had.
    most_equal : int or None
        How often one value may occur before it looks contrived; free where not given.
    """

    over: Unit
    step: str
    low: str | None = None
    high: str | None = None
    also: tuple[str, ...] = ()
    most_equal: int | None = None


@dataclass(frozen=True)
class Paper:
    """A paper's printed numbers.

    Attributes
    ----------
    key : str
        Short name.
    about : dict of str to str
        Bibliographic facts.
    grids : dict of str to Grid
        Measurement grid by canonical column.
    ratios : dict of str to (str, str)
        Numerator and denominator of each computed variable, which is in percent.
    claims : tuple of Claim
    """

    key: str
    about: Mapping[str, Any]
    grids: Mapping[str, Grid]
    ratios: Mapping[str, tuple[str, str]]
    claims: tuple[Claim, ...]

    def __getitem__(self, claim_id: str) -> Claim:
        return {claim.id: claim for claim in self.claims}[claim_id]


def read_paper(path: Path | str) -> Paper:
    """Read a paper's YAML.

    Parameters
    ----------
    path : pathlib.Path or str

    Returns
    -------
    Paper

    Raises
    ------
    InputError
        With every problem of the file at once, by line.

    Examples
    --------
    >>> from vpresearch.project import PUBLISHED
    >>> read_paper(PUBLISHED)["table3.vertebral_volume.p"].printed.printed
    '0,466'
    """
    path = Path(path)
    content = _parse(path)
    problems: list[Problem] = []
    sections = {name: _section(content, name, kind, problems) for name, kind in _SECTIONS.items()}
    if not problems and "key" not in sections["paper"]:
        problems.append(_problem("missing_key", "The paper has no key.", "Give it a short name.", sections["paper"]))
    grids: dict[str, Grid] = {}
    ratios: dict[str, tuple[str, str]] = {}
    for name, entry in _items(sections["variables"]):
        _read_variable(name, entry, grids, ratios, problems)
    claims = [claim for entry in sections["claims"] if (claim := _read_claim(entry, problems)) is not None]
    problems += _repeated(sections["claims"]) + _without_size(sections["claims"], claims)
    if problems:
        raise InputError(path.name, sorted(problems, key=lambda problem: problem.line or 0))
    about = dict(_items(sections["paper"]))
    return Paper(about["key"], about, grids, ratios, tuple(claims))


# -- the file ----------------------------------------------------------------------------------------------------

_SECTIONS: dict[str, type] = {"paper": dict, "variables": dict, "claims": list}
_LINE = "__line__"


class _LineLoader(yaml.SafeLoader):
    """Remembers the line of every mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep=True)
        mapping[_LINE] = node.start_mark.line + 1
        return mapping


def _parse(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _LineLoader)
    except OSError:
        problem = Problem("no_file", "There is no such file.", "Look at the folder and the name.")
    except UnicodeDecodeError:
        problem = Problem("not_text", "The file is not UTF-8 text.", "Save it as UTF-8.")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        problem = Problem("not_yaml", "The YAML cannot be read from here on.", "Correct this line.", line=line)
    raise InputError(path.name, [problem])


def _section(content: Any, name: str, kind: type, problems: list[Problem]) -> Any:
    section = content.get(name) if isinstance(content, dict) else None
    if not isinstance(section, kind):
        form = "a list" if kind is list else "keys and values"
        problems.append(Problem("missing_key", f"There is no {name} ({form}).", "Add it."))
        return kind()
    return section


def _items(mapping: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in mapping.items() if name != _LINE]


def _problem(code: str, message: str, remedy: str, entry: Any) -> Problem:
    return Problem(code, message, remedy, line=entry.get(_LINE) if isinstance(entry, dict) else None)


# -- claims and variables ----------------------------------------------------------------------------------------


def _read_claim(entry: Any, problems: list[Problem]) -> Claim | None:
    """Read one claim, telling everything that is wrong with it."""
    if not isinstance(entry, dict):
        problems.append(
            Problem("claim", "A claim is not keys and values.", "Write id, printed, kind, places, compute.")
        )
        return None
    name = entry.get("id", "a claim without an id")
    compute: dict[str, Any] = entry["compute"] if isinstance(entry.get("compute"), dict) else {}
    faults = _faults(entry, _CLAIM_KEYS, {"id", "printed", "kind", "places", "compute"})
    faults += _faults(compute, _COMPUTE_KEYS, {"statistic", "over"}) if "compute" in entry else []
    faults += [] if isinstance(name, str) else ["the id is not text"]
    faults += [] if isinstance(entry.get("places", []), list) else ["places is not a list"]
    faults += _not_one_of(entry, "kind", get_args(Kind))
    faults += _not_one_of(compute, "statistic", get_args(Statistic)) + _not_one_of(compute, "over", get_args(Unit))
    faults += _not_text(compute)
    if "printed" in entry:
        faults += _printed_faults(entry["printed"], str(entry.get("kind")))
    problems += [_problem("claim", f"{name}: {fault}.", "Correct the claim.", entry) for fault in faults]
    if faults:
        return None
    asked: dict[str, Any] = {key: dict(_items(compute[key])) for key in ("group", "minus", "within") if key in compute}
    asked |= {key: tuple(compute[key]) for key in ("variables", "fell") if key in compute}
    return Claim(
        id=entry["id"],
        printed=Reported(entry["printed"]),
        kind=entry["kind"],
        places=tuple(entry["places"]),
        compute=Compute(compute["statistic"], compute["over"], compute.get("variable"), **asked),
        unit=entry.get("unit"),
        says=dict(_items(entry.get("says", {}))),
    )


def _printed_faults(printed: Any, kind: str) -> list[str]:
    """Tell what no printed number of its kind can be."""
    if not isinstance(printed, str):
        return ["printed is not text; write the number in quotes, as the paper prints it"]
    try:
        value = Reported(printed).value
    except ValueError:
        return [f"printed is not one number: {printed}"]
    faults = []
    if value < 0 and kind in {"sd", "count", "percentage", "p"}:
        faults.append(f"a {kind} cannot be negative")
    if value > 1 and kind == "p":
        faults.append("a p-value cannot be above 1")
    if value > 100 and kind == "percentage":
        faults.append("a percentage of a group cannot be above 100")
    if value.denominator != 1 and kind == "count":
        faults.append("a count must be a whole number")
    return faults


def _read_variable(
    name: str, entry: Any, grids: dict[str, Grid], ratios: dict[str, tuple[str, str]], problems: list[Problem]
) -> None:
    if not isinstance(entry, dict):
        problems.append(Problem("variable", f"{name}: it is not keys and values.", "Write over and step."))
        return
    is_ratio = "ratio" in entry
    faults = _faults(entry, _VARIABLE_KEYS, {"over"} if is_ratio else {"over", "step"})
    faults += _not_one_of(entry, "over", get_args(Unit))
    faults += [
        f"{key} is not a number in quotes" for key in ("step", "low", "high") if not _is_number(entry.get(key, "0"))
    ]
    problems += [_problem("variable", f"{name}: {fault}.", "Correct the variable.", entry) for fault in faults]
    if faults:
        return
    if is_ratio:
        numerator, denominator = entry["ratio"]
        ratios[name] = (numerator, denominator)
    else:
        grids[name] = Grid(**{**dict(_items(entry)), "also": tuple(entry.get("also", ()))})


def _is_number(text: Any) -> bool:
    try:
        return isinstance(text, str) and bool(Reported(text))
    except ValueError:
        return False


def _faults(entry: dict[str, Any], known: set[str], needed: set[str]) -> list[str]:
    return [f"the key {key} is unknown" for key in sorted(set(entry) - known - {_LINE})] + [
        f"the key {key} is missing" for key in sorted(needed - set(entry))
    ]


def _not_one_of(entry: dict[str, Any], key: str, accepted: tuple[str, ...]) -> list[str]:
    if key not in entry or entry[key] in accepted:
        return []
    return [f"{key} is not one of {', '.join(accepted)}"]


def _not_text(compute: dict[str, Any]) -> list[str]:
    """Find a group whose value YAML took for true, false or a number, or that its column does not have."""
    faults = []
    for key in ("group", "minus", "within"):
        for column, value in _items(compute[key]) if isinstance(compute.get(key), dict) else []:
            if not isinstance(value, str):
                faults.append(f"the value of {column} in {key} must be in quotes")
            elif column in columns() and value not in {level.value for level in columns()[column].levels}:
                faults.append(f"{column} has no category {value}")
    return faults


def _repeated(entries: list[Any]) -> list[Problem]:
    seen: set[str] = set()
    problems = []
    for entry in entries:
        name = entry.get("id") if isinstance(entry, dict) else None
        if name in seen:
            message = f"{name}: the id stands twice."
            problems.append(_problem("id_twice", message, "Give each claim an id of its own.", entry))
        elif name is not None:
            seen.add(name)
    return problems


def _without_size(entries: list[Any], claims: list[Claim]) -> list[Problem]:
    """Find a mean or a standard deviation whose group's size no claim tells."""
    lines = {entry["id"]: entry for entry in entries if isinstance(entry, dict) and "id" in entry}
    sizes = {
        (claim.compute.over, tuple(sorted(claim.compute.group.items())))
        for claim in claims
        if claim.kind == "count" and claim.compute.variable is None
    }
    return [
        _problem(
            "no_size", f"{claim.id}: no claim tells the n of its group.", "Add the count as a claim.", lines[claim.id]
        )
        for claim in claims
        if claim.kind in {"mean", "sd"}
        and (claim.compute.over, tuple(sorted(claim.compute.group.items()))) not in sizes
    ]
