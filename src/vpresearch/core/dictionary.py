"""The data dictionary: every column and category with its type, unit, range, labels and accepted spellings."""

from __future__ import annotations

import csv
import hashlib
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args

from vpresearch.core.entries import Entry, read_entries, read_text
from vpresearch.core.errors import LANGUAGES, InputError, Problem, tell, words
from vpresearch.core.files import file_digest
from vpresearch.core.paths import DICTIONARY

UnitOfObservation = Literal["patient", "vertebra"]
# By the first letter of a level.
REGIONS = {"T": "thoracic", "L": "lumbar"}
# The units of the project's own data; those of another paper may have any name.
UNITS = ("patients", "vertebrae")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Level:
    """One category of a categorical column."""

    value: str
    labels: dict[str, str]
    aliases: tuple[str, ...]

    def spellings(self) -> tuple[str, ...]:
        """All accepted spellings, the canonical one first."""
        return (self.value, *self.labels.values(), *self.aliases)


@dataclass(frozen=True)
class Column:
    """One column of the data model."""

    name: str
    unit_of_observation: UnitOfObservation
    kind: Literal["text", "number", "category"]
    unit: str
    minimum: float | None
    maximum: float | None
    required: bool
    may_be_empty: bool
    labels: dict[str, str]
    aliases: tuple[str, ...]
    levels: tuple[Level, ...] = field(default=())

    def spellings(self) -> tuple[str, ...]:
        """All accepted headers, the canonical one first."""
        return (self.name, *self.labels.values(), *self.aliases)

    @property
    def none(self) -> Level | None:
        """The one level of a text column: its word for nothing to tell, which is read as an empty cell is."""
        return self.levels[0] if self.kind == "text" and self.levels else None


def fold(text: object) -> str:
    """Fold case, accents, blanks and punctuation, so that spellings can be compared."""
    if isinstance(text, float) and text.is_integer():
        text = int(text)
    plain = str(text)
    if plain.isascii():
        plain = plain.casefold()
    else:
        decomposed = unicodedata.normalize("NFKD", plain).casefold()
        plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(_BETWEEN_WORDS.sub(" ", plain).split())


def columns(path: Path = DICTIONARY) -> dict[str, Column]:
    """Return the columns of the data dictionary, and those that the study in hand declares or names by their time."""
    declaration, followed = _in_hand.get()
    own = {name: column for name, header in followed.items() if (column := follow_up(name, header))}
    return {**_read(path), **own, **declared(declaration)} if own or declaration else _read(path)


@cache
def _read(path: Path) -> dict[str, Column]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    levels: dict[str, list[Level]] = {}
    for row in rows:
        if row["value"]:
            levels.setdefault(row["column"], []).append(Level(row["value"], _labels(row), _aliases(row)))
    return {row["column"]: _column(row, tuple(levels.get(row["column"], ()))) for row in rows if not row["value"]}


# -- scores at times that a study names --------------------------------------------------------------------------

_SCORE_AT = re.compile("(vas|odi)_([1-9][0-9]{0,2})([dwmy])")
_DAYS = {"d": 1.0, "w": 7.0, "m": 365 / 12, "y": 365.0}
_AT_TREATMENT = {"pre": -1.0, "post": 0.0}


@cache
def follow_up(name: str, header: str = "") -> Column | None:
    """Return the column of a score at a time that the dictionary has no column for: vas_3m, odi_2y."""
    match, known = _SCORE_AT.fullmatch(name), _read(DICTIONARY)
    if match is None or name in known:
        return None
    month, time = known[f"{match[1]}_1m"], match[2] + match[3]
    ending = " (%)" if month.unit == "percent" else ""
    labels = {
        language: label.removesuffix(time_label("1m", language)) + time_label(time, language) + ending
        for language, label in month.labels.items()
    }
    return replace(month, name=name, labels=labels, aliases=(header,) if header else ())


def time_label(time: str, language: str, words_for: str = "time") -> str:
    """Return the words for a time of a score: before, 3 months."""
    names = words(language)[words_for]
    return str(names[time] if time in names else names[time[-1]].format(n=time[:-1]))


def days(time: str) -> float:
    """Return how long after the treatment a time of a score is; before it is below nought."""
    return _AT_TREATMENT[time] if time in _AT_TREATMENT else int(time[:-1]) * _DAYS[time[-1]]


def times(names: Iterable[str], score: str) -> list[str]:
    """Return the times of a score that has columns of these names, the first one first."""
    known = _read(DICTIONARY)
    found = [name for name in names if name.startswith(f"{score}_") and (name in known or follow_up(name))]
    return sorted((name.removeprefix(f"{score}_") for name in found), key=days)


# -- columns that a study declares -------------------------------------------------------------------------------

_in_hand: ContextVar[tuple[str, Mapping[str, str]]] = ContextVar("in hand", default=("", MappingProxyType({})))
# What tables of studies that were read may have to name.
_named: dict[str, Column] = {}
_hanging: list[Any] = []
_Kept = TypeVar("_Kept", bound=Callable[..., Any])
_NAME = re.compile("[a-z][a-z0-9_]{0,39}")
_KEYS = {"number": {"range"}, "category": {"values"}}
_OPTIONAL_KEYS = {"unit"}
_UNIT = "unit_of_observation"
_OF_A_PAPER = frozenset({"paper", "claims"})
_COMPUTED = {"region", "fill_percent"}


def of_dictionary(compute: _Kept) -> _Kept:
    """Keep what hangs on the dictionary, until a study declares other columns."""
    kept = lru_cache(maxsize=10_000)(compute)
    _hanging.append(kept)
    return kept  # type: ignore[return-value]


@contextmanager
def declaring(declaration: str, followed: Mapping[str, str]) -> Iterator[None]:
    """Count the columns that a study declares, and those of its follow-up by their headers, among the dictionary's."""
    if not declaration and not followed:
        yield
        return
    before = _in_hand.set((declaration, followed))
    _forget()
    try:
        yield
    finally:
        _in_hand.reset(before)
        _forget()


def _forget() -> None:
    for kept in _hanging:
        kept.cache_clear()


def declaration_beside(path: Path) -> str:
    """Return what stands beside a workbook about columns of its own: study.yaml beside study.xlsx."""
    place = path.with_suffix(".yaml")
    if not place.is_file():
        return ""
    declaration = read_text(place)
    try:
        remember(declaration)
    except InputError as error:
        raise InputError(place.name, error.problems) from None
    return declaration


def declaration_digest(path: Path) -> str:
    """Return the checksum of a file and of what is declared beside it."""
    return digest_with(file_digest(path), declaration_beside(path))


def digest_with(sha256: str, declaration: str) -> str:
    """Return the checksum of a file, of that and a declaration where there is one."""
    return hashlib.sha256(f"{sha256}{declaration}".encode()).hexdigest() if declaration else sha256


def remember(declaration: str) -> None:
    """Let tables name what a study declares."""
    _named.update(declared(declaration))


@lru_cache(maxsize=16)
def declared(declaration: str) -> Mapping[str, Column]:
    """Read the columns that a study declares."""
    if not declaration:
        return {}
    content, problems = read_entries("YAML", declaration)
    entries = content.get("columns") if isinstance(content, dict) else None
    if isinstance(content, dict) and _OF_A_PAPER & content.keys():
        # A paper's printed numbers, which are read where they are asked for.
        return {}
    if not isinstance(entries, Entry) or not entries:
        raise InputError("YAML", [tell("bad_declaration", wording="no_declaration")])
    known = {fold(spelling) for column in _read(DICTIONARY).values() for spelling in column.spellings()} | _COMPUTED
    found: dict[str, Column] = {}
    for own, entry in entries.items():
        told: dict[str, Any] = {"name": str(own)[:40], "line": entries.line_of(own)}
        faults = _faults(own, entry, known, told)
        if not faults:
            found[own] = _declared(own, entry)
            faults = _alike(found, own, told)
        problems += faults
    if problems:
        raise InputError("YAML", problems)
    return found


def _faults(own: Any, entry: Any, known: set[str], told: dict[str, Any]) -> list[Problem]:
    """Tell what is wrong with one column that is declared."""
    if not isinstance(own, str) or not _NAME.fullmatch(own) or {own, fold(own)} & known or follow_up(own):
        return [tell("bad_declaration", wording="declared_name", **told)]
    if not isinstance(entry, dict) or entry.get("type") not in [*_KEYS]:
        return [tell("bad_declaration", wording="declared_type", **told)]
    asked = {_UNIT, "type", "label", *_KEYS[entry["type"]]}
    faulty = [*(asked - entry.keys())] + [key for key in entry if key not in asked | _OPTIONAL_KEYS]
    ends, values = entry.get("range"), entry.get("values")
    ordered = isinstance(ends, list) and len(ends) == 2 and all(map(_is_number, ends)) and ends[0] < ends[1]
    if "range" in entry and not ordered:
        faulty.append("range")
    if "values" in entry and not (
        isinstance(values, dict) and len(values) > 1 and all(map(_is_label, values.values()))
    ):
        faulty.append("values")
    if "label" in entry and not _is_label(entry["label"]):
        faulty.append("label")
    if not isinstance(entry.get("unit", ""), str):
        faulty.append("unit")
    faulty += [_UNIT] if _UNIT in entry and entry[_UNIT] not in get_args(UnitOfObservation) else []
    return [tell("bad_declaration", **told, key=", ".join(sorted(set(map(str, faulty)))))] if faulty else []


def _alike(found: Mapping[str, Column], own: str, told: dict[str, Any]) -> list[Problem]:
    """Tell which other column, or which two categories of this one, a cell could mean as well."""
    problems = [
        tell("bad_declaration", wording="declared_label", **told, other=other)
        for other, column in {**_read(DICTIONARY), **found}.items()
        if other != own and _folded(column) & _folded(found[own])
    ]
    levels = found[own].levels
    return problems + [
        tell("bad_declaration", wording="declared_value", **told, key=level.value, other=before.value)
        for n, level in enumerate(levels)
        for before in levels[:n]
        if _folded(level) & _folded(before)
    ]


def _folded(named: Column | Level) -> set[str]:
    return set(map(fold, named.spellings()))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_label(entry: object) -> bool:
    if not isinstance(entry, dict) or set(entry) != set(LANGUAGES):
        return False
    return all(isinstance(label, str) and fold(label) for label in entry.values())


def _declared(own: str, entry: Mapping[str, Any]) -> Column:
    low, high = map(float, entry.get("range", (0, 0)))
    numbers = entry["type"] == "number"
    levels = {} if numbers else entry["values"]
    return Column(
        name=own,
        unit_of_observation=entry[_UNIT],
        kind=entry["type"],
        unit=str(entry.get("unit", "")),
        minimum=low if numbers else None,
        maximum=high if numbers else None,
        required=False,
        may_be_empty=True,
        labels=dict(entry["label"]),
        aliases=(),
        levels=tuple(Level(_written(value), dict(labels), ()) for value, labels in levels.items()),
    )


def _written(value: object) -> str:
    # What YAML takes for true and false was written as yes and no.
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def known(name: str) -> Column | None:
    """Return a column of the dictionary, or one that a study which was read declares or names by its time."""
    return columns().get(name) or _named.get(name) or follow_up(name)


def label(name: str, language: str, value: str | None = None) -> str:
    """Return the label of a column, or of one of its categories."""
    column = known(name)
    if column is None:
        raise KeyError(name)
    if value is None:
        return column.labels[language]
    return {level.value: level.labels[language] for level in column.levels}[value]


def _labels(row: dict[str, str]) -> dict[str, str]:
    return {"es": row["label_es"], "en": row["label_en"]}


def _aliases(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(filter(None, row["aliases"].split("|")))


def _column(row: dict[str, str], levels: tuple[Level, ...]) -> Column:
    return Column(
        name=row["column"],
        unit_of_observation="patient" if row["unit_of_observation"] == "patient" else "vertebra",
        kind={"text": "text", "number": "number", "category": "category"}[row["type"]],  # type: ignore[arg-type]
        unit=row["unit"],
        minimum=float(row["minimum"]) if row["minimum"] else None,
        maximum=float(row["maximum"]) if row["maximum"] else None,
        required=row["required"] == "yes",
        may_be_empty=row["may_be_empty"] == "yes",
        labels=_labels(row),
        aliases=_aliases(row),
        levels=levels,
    )
