"""From a paper's YAML to its claims."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from vpresearch.errors import InputError, Problem
from vpresearch.published.claims import Claim, Compute, Grid, Paper
from vpresearch.published.entries import Entry, read_entries, read_text
from vpresearch.published.faults import columns_of, decimal, of_claim, of_ids, of_sizes, of_variable
from vpresearch.reported import Reported
from vpresearch.telling import tell

_SECTIONS: dict[str, type] = {"paper": dict, "variables": dict, "claims": list}


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
    return _paper(path.name, read_text(path))


@lru_cache(maxsize=4)
def _paper(source: str, text: str) -> Paper:
    """Read the same text once in a process, and in those that are forked from it."""
    content, problems = read_entries(source, text)
    sections = {name: _section(content, name, kind, problems) for name, kind in _SECTIONS.items()}
    about, variables, claims = sections["paper"], sections["variables"], sections["claims"]
    if isinstance(about, Entry) and not isinstance(about.get("key"), str):
        problems.append(tell("missing_key", wording="paper_no_key", line=about.line))
    for name, entry in variables.items():
        problems += of_variable(name, entry, variables)
    used = columns_of(claims)
    for number, (entry, line) in enumerate(zip(claims, getattr(claims, "lines", []), strict=True), 1):
        problems += of_claim(entry, number, line, variables, used)
    problems += [*of_ids(claims), *of_sizes(claims)]
    if problems:
        raise InputError(source, sorted(problems, key=lambda problem: problem.line or 0))
    ratios = {name: tuple(entry["ratio"]) for name, entry in variables.items() if "ratio" in entry}
    grids = {name: _grid(entry) for name, entry in variables.items() if name not in ratios}
    return Paper(about["key"], dict(about), grids, ratios, tuple(map(_claim, claims)))


def _section(content: Any, name: str, kind: type, problems: list[Problem]) -> Any:
    section = content.get(name) if isinstance(content, dict) else None
    if not isinstance(section, kind):
        line = content.line_of(name) if isinstance(content, Entry) else 1
        wording = "paper_no_list" if kind is list else "paper_no_section"
        problems.append(tell("missing_key", wording=wording, line=line, key=name))
        return kind()
    return section


def _grid(entry: Entry) -> Grid:
    numbers = {key: decimal(entry[key]) for key in ("step", "low", "high") if key in entry}
    also = tuple(str(decimal(low)) for low in entry.get("also", ()))
    return Grid(entry["over"], also=also, most_equal=entry.get("most_equal"), **numbers)  # type: ignore[arg-type]


def _claim(entry: Entry) -> Claim:
    compute = entry["compute"]
    asked: dict[str, Any] = {key: dict(compute[key]) for key in ("group", "minus", "within") if key in compute}
    asked |= {key: tuple(compute[key]) for key in ("variables", "fell") if key in compute}
    named = entry.get("test", [])
    tests: tuple[Any, ...] = (named,) if isinstance(named, str) else tuple(named)
    return Claim(
        id=entry["id"],
        printed=Reported(entry["printed"]),
        kind=entry["kind"],
        places=tuple(entry["places"]),
        compute=Compute(compute["statistic"], compute["over"], compute.get("variable"), **asked),
        unit=entry.get("unit"),
        says=dict(entry.get("says", {})),
        tests=tests,
        one_sided=entry.get("sided") == "one",
    )
