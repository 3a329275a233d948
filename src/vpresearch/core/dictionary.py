"""The data dictionary: every column and category with its type, unit, range, labels and accepted spellings."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from vpresearch.core.paths import DICTIONARY

UnitOfObservation = Literal["patient", "vertebra"]
# By the first letter of a level.
REGIONS = {"T": "thoracic", "L": "lumbar"}
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


@cache
def columns(path: Path = DICTIONARY) -> dict[str, Column]:
    """Read the data dictionary."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    levels: dict[str, list[Level]] = {}
    for row in rows:
        if row["value"]:
            levels.setdefault(row["column"], []).append(Level(row["value"], _labels(row), _aliases(row)))
    return {row["column"]: _column(row, tuple(levels.get(row["column"], ()))) for row in rows if not row["value"]}


def label(name: str, language: str, value: str | None = None) -> str:
    """Return the label of a column, or of one of its categories."""
    column = columns()[name]
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
