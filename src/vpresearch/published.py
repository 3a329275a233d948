"""From a paper's YAML to its claims: every printed number, where it stands and what to compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from vpresearch.errors import InputError, Problem
from vpresearch.reported import Reported

Kind = Literal["count", "percentage", "mean", "sd", "minimum", "maximum", "p", "verbal"]
Statistic = Literal["n", "percent", "mean", "sd", "min", "max", "p", "difference", "smallest_p", "lead"]
Unit = Literal["patients", "vertebrae"]

_CLAIM_KEYS = {"id", "printed", "kind", "unit", "places", "says", "compute"}
_COMPUTE_KEYS = {"statistic", "over", "variable", "variables", "group", "minus", "within", "fell"}
_VARIABLE_KEYS = {"over", "step", "low", "high", "most_equal"}


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
    most_equal : int or None
        How often one value may occur before it looks contrived; free where not given.
    """

    over: Unit
    step: str
    low: str | None = None
    high: str | None = None
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
    claims : tuple of Claim
    """

    key: str
    about: Mapping[str, Any]
    grids: Mapping[str, Grid]
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
        With every problem of the file at once.

    Examples
    --------
    >>> from vpresearch.project import PUBLISHED
    >>> read_paper(PUBLISHED)["table3.vertebral_volume.p"].printed.printed
    '0,466'
    """
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = Problem("unreadable", f"The YAML cannot be read: {error}.", "Correct the file.")
        raise InputError(path.name, [problem]) from None
    problems: list[Problem] = []
    missing = {"paper", "variables", "claims"} - set(content if isinstance(content, dict) else ())
    if missing:
        problem = Problem("missing_key", f"The keys {', '.join(sorted(missing))} are missing.", "Add them.")
        raise InputError(path.name, [problem])
    grids = {name: _grid(name, entry, problems) for name, entry in content["variables"].items()}
    claims = [_claim(entry, problems) for entry in content["claims"]]
    ids = [claim.id for claim in claims if claim is not None]
    problems += [
        Problem("id_twice", f"{claim_id}: the id stands twice.", "Give each claim an id of its own.")
        for claim_id in sorted({claim_id for claim_id in ids if ids.count(claim_id) > 1})
    ]
    if problems:
        raise InputError(path.name, problems)
    about = content["paper"]
    return Paper(
        about["key"],
        about,
        {name: grid for name, grid in grids.items() if grid is not None},
        tuple(claim for claim in claims if claim is not None),
    )


def _claim(entry: dict[str, Any], problems: list[Problem]) -> Claim | None:
    name = entry.get("id", "a claim without an id")
    faults = _faults(entry, _CLAIM_KEYS, {"id", "printed", "kind", "places", "compute"})
    compute = entry.get("compute", {})
    faults += _faults(compute, _COMPUTE_KEYS, {"statistic", "over"})
    faults += _not_one_of(entry, "kind", get_args(Kind))
    faults += _not_one_of(compute, "statistic", get_args(Statistic))
    faults += _not_one_of(compute, "over", get_args(Unit))
    try:
        printed = Reported(entry["printed"])
    except (KeyError, ValueError, AttributeError):
        faults.append("printed is not a printed number in quotes")
    if faults:
        problems += [Problem("claim", f"{name}: {fault}.", "Correct the claim.") for fault in faults]
        return None
    for key in ("variables", "fell"):
        if key in compute:
            compute[key] = tuple(compute[key])
    return Claim(
        entry["id"],
        printed,
        entry["kind"],
        tuple(entry["places"]),
        Compute(**compute),
        entry.get("unit"),
        entry.get("says", {}),
    )


def _grid(name: str, entry: dict[str, Any], problems: list[Problem]) -> Grid | None:
    faults = _faults(entry, _VARIABLE_KEYS, {"over", "step"}) + _not_one_of(entry, "over", get_args(Unit))
    problems += [Problem("variable", f"{name}: {fault}.", "Correct the variable.") for fault in faults]
    return None if faults else Grid(**entry)


def _faults(entry: dict[str, Any], known: set[str], needed: set[str]) -> list[str]:
    return [f"the key {key} is unknown" for key in sorted(set(entry) - known)] + [
        f"the key {key} is missing" for key in sorted(needed - set(entry))
    ]


def _not_one_of(entry: dict[str, Any], key: str, accepted: tuple[str, ...]) -> list[str]:
    if key not in entry or entry[key] in accepted:
        return []
    return [f"{key} is not one of {', '.join(accepted)}"]
