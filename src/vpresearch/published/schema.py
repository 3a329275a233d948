"""What a paper's YAML may hold: for the reader, and as JSON Schema for editors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

from vpresearch.core.entries import Entry
from vpresearch.core.paths import PAPER_SCHEMA
from vpresearch.published.claims import QUANTILES, Kind, Recomputed, Sided, TestName, TestNumber

_Schema = dict[str, Any]

SECTIONS: dict[str, type] = {"paper": dict, "variables": dict, "claims": list}
# Most papers are audited for their numbers alone.
OPTIONAL: dict[str, type] = {"statements": list, "tests": list}
STATISTIC_OF = {
    "count": "n",
    "percentage": "percent",
    "mean": "mean",
    "sd": "sd",
    "minimum": "min",
    "q1": "q1",
    "median": "median",
    "q3": "q3",
    "maximum": "max",
    "p": "p",
}
NEEDS = {name: {"variable"} for name in ("mean", "sd", *QUANTILES, "p")} | {
    "difference": {"variable", "minus"},
    "smallest_p": {"variables"},
}
LANGUAGES = {"en", "es"}
_COUNT = re.compile(r"[0-9]{1,15}")
ROWS = ("group", "minus", "within")


def is_list_of_text(value: object) -> bool:
    """Whether it is a list of texts."""
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


def _is_text_by_text(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(part, str) for pair in value.items() for part in pair)


def is_count(text: object) -> bool:
    """Whether it is a whole number as text."""
    return isinstance(text, str) and _COUNT.fullmatch(text) is not None


def _is_table(table: object) -> bool:
    rows = table if isinstance(table, list) else []
    sized = len(rows) > 1 and all(is_list_of_text(row) and len(row) == len(rows[0]) > 1 for row in rows)
    return sized and all(re.fullmatch("[0-9]{1,7}", cell) for row in rows for cell in row)


class Form(NamedTuple):
    """What the value of a key must be, the words for one that it is not, and what editors are told."""

    fits: Callable[[Any], bool]
    wording: str
    schema: _Schema
    accepted: str = ""


def _free(schema: _Schema) -> Form:
    """Leave to the reader what it looks at together with other keys."""
    return Form(lambda _: True, "", schema)


def _one_of(words: Collection[str]) -> _Schema:
    return {"enum": sorted(words)}


def _word(words: tuple[str, ...]) -> Form:
    accepted = ", ".join(words)
    return Form(lambda value: isinstance(value, str) and value in words, "paper_not_one_of", _one_of(words), accepted)


_TEXT: _Schema = {"type": "string"}
_TEXTS: _Schema = {"type": "array", "items": _TEXT}
_TWO: _Schema = {**_TEXTS, "minItems": 2, "maxItems": 2}
_BY_COLUMN: _Schema = {"type": "object", "additionalProperties": _TEXT}
_BY_LANGUAGE: _Schema = {"type": "object", "properties": dict.fromkeys(sorted(LANGUAGES), _TEXT)}
_BY_LANGUAGE["additionalProperties"] = False
_ANY_TEXT = Form(lambda value: isinstance(value, str), "paper_text", _TEXT)
_NAME = Form(lambda value: isinstance(value, str) and value != "", "paper_text", {**_TEXT, "minLength": 1})
# Any text names a unit of analysis.
_UNIT = _NAME._replace(fits=lambda value: isinstance(value, str) and bool(value.strip()))
_PLACES = Form(is_list_of_text, "paper_texts", _TEXTS)
_TRUTH = Form(lambda value: isinstance(value, bool), "paper_yes_or_no", {"type": "boolean"})
_SAID = Form(
    lambda said: _is_text_by_text(said) and {*said} <= LANGUAGES,
    "paper_says",
    _BY_LANGUAGE,
    ", ".join(sorted(LANGUAGES)),
)
_SAID_IN_ALL = _SAID._replace(fits=lambda said: _is_text_by_text(said) and {*said} == LANGUAGES)


def _is_from_to(ends: object) -> bool:
    return _is_text_by_text(ends) and set(ends) == {"from", "to"}  # type: ignore[call-overload]


def _is_size(text: object) -> bool:
    return is_count(text) and int(str(text)) > 0


class Further(NamedTuple):
    """What may be told of some statistics beside which rows they are of: how it is refused, and how it is read."""

    of: frozenset[str]
    fits: Callable[[object], bool]
    wording: str
    read: Callable[[Any], Any]
    schema: _Schema = _TEXT


FROM_TO = "from, to"
_CHANGE: _Schema = {**_BY_COLUMN, "required": ["from", "to"], "maxProperties": 2}
FURTHER = {
    "change": Further(
        frozenset({"mean", "sd"}), _is_from_to, "paper_change", lambda ends: (ends["from"], ends["to"]), _CHANGE
    ),
    "of": Further(frozenset({"percent"}), _is_size, "paper_of", int),
    "sum": Further(frozenset({"mean"}), is_count, "paper_sum", int),
    "by": Further(frozenset({"p"}), _NAME.fits, "paper_by", str, _NAME.schema),
}


def further(told: Mapping[str, Any], statistic: str) -> dict[str, Any]:
    """Read what is told of a statistic beside which rows it is of."""
    return {key: each.read(told[key]) for key, each in FURTHER.items() if key in told and statistic in each.of}


_TESTS = _one_of(get_args(TestName))
_OF_P = {
    "test": _free({"anyOf": [_TESTS, {"type": "array", "items": _TESTS, "minItems": 1}]}),
    "sided": _free(_one_of(get_args(Sided))),
    "randomised": _free(_TRUTH.schema),
}
NUMBERS = tuple(name for name in get_args(TestNumber) if name != "table")
VARIABLE_KEYS = {
    "over": _UNIT,
    "complete": _TRUTH,
    **dict.fromkeys(("step", "low", "high"), _free(_TEXT)),
    "also": _free(_TEXTS),
    "most_equal": _free({"type": "integer", "minimum": 1}),
    "ratio": _free(_TWO),
}
CLAIM_NEEDS = {"id", "printed", "kind", "places", "compute"}
STATEMENT_KEYS = {
    "id": _NAME,
    "places": _PLACES,
    **dict.fromkeys(("says", "reason"), _SAID_IN_ALL),
    "beside": _PLACES,
    "contradicted": _TRUTH,
}
STATEMENT_NEEDS = {"id", "places", "says", "reason"}
COMPUTE_KEYS = {
    "statistic": _word(get_args(Recomputed)),
    "over": _UNIT,
    # Read as it is, whatever it is called under variables.
    "variable": _NAME._replace(fits=_ANY_TEXT.fits),
    "variables": _PLACES._replace(wording="paper_columns"),
    "fell": Form(lambda value: is_list_of_text(value) and len(value) == 2, "paper_two_columns", _TWO),
    **dict.fromkeys(ROWS, Form(lambda value: isinstance(value, Entry), "paper_group", _BY_COLUMN)),
    **{key: _free(each.schema) for key, each in FURTHER.items()},
}
TEST_KEYS = {
    **dict.fromkeys(("id", "variable", "by"), _NAME),
    "places": _PLACES,
    **_OF_P,
    "over": _UNIT,
    "group": Form(_is_text_by_text, "paper_group", _BY_COLUMN),
    **dict.fromkeys(("p", "level", *NUMBERS), _free(_TEXT)),
    "table": Form(_is_table, "paper_table", {"type": "array", "items": _TEXTS, "minItems": 2}),
}


def _entry(keys: Mapping[str, Form], needed: Collection[str], rules: Collection[_Schema] = ()) -> _Schema:
    values = {key: keys[key].schema for key in sorted(keys)}
    found: _Schema = {"type": "object", "properties": values, "required": sorted(needed), "additionalProperties": False}
    return {**found, "allOf": [*rules]} if rules else found


def _where(key: str, value: str, then: _Schema) -> _Schema:
    """Ask for more where a key has a value."""
    return {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": then}


def _compute() -> _Schema:
    rules = [_where("statistic", name, {"required": sorted(needed)}) for name, needed in NEEDS.items()]
    rules += [
        {"if": {"required": [key]}, "then": {"properties": {"statistic": _one_of(each.of)}}}
        for key, each in FURTHER.items()
    ]
    return _entry(COMPUTE_KEYS, {"statistic", "over"}, rules)


CLAIM_KEYS = {
    "id": _NAME,
    "printed": _free(_TEXT),
    "kind": _word(tuple(kind for kind in get_args(Kind) if kind != "test")),
    "unit": _ANY_TEXT,
    "places": _PLACES,
    "says": _SAID,
    "compute": Form(lambda value: isinstance(value, Entry), "paper_keys", _compute()),
    **_OF_P,
}


def with_schema(path: Path, text: str) -> dict[Path, str]:
    """Head a paper's YAML with the line that editors look for, and put the schema beside it unless one is there."""
    head = f"# yaml-language-server: $schema={PAPER_SCHEMA.name}\n"
    beside = path.with_name(PAPER_SCHEMA.name)
    return {path: head + text.removeprefix(head), **({} if beside.exists() else {beside: schema_text()})}


def schema_text() -> str:
    """Write the schema of a paper's YAML."""
    return json.dumps(paper_schema(), indent=1, ensure_ascii=False) + "\n"


def paper_schema() -> Mapping[str, Any]:
    """Describe a paper's YAML."""
    complete = {"properties": {"complete": {"const": True}}, "required": ["complete"]}
    step = {"anyOf": [{"required": ["step"]}, {"required": ["ratio"]}, complete]}
    kinds = [
        _where("kind", kind, {"properties": {"compute": {"properties": {"statistic": {"const": statistic}}}}})
        for kind, statistic in STATISTIC_OF.items()
    ]
    claim = _entry(CLAIM_KEYS, CLAIM_NEEDS, kinds)
    statement = _entry(STATEMENT_KEYS, STATEMENT_NEEDS)
    number = {"anyOf": [{"required": [key]} for key in ("p", *NUMBERS, "table")]}
    lists = {"claims": claim, "statements": statement, "tests": _entry(TEST_KEYS, {"id"}, [number])}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": [*SECTIONS],
        "properties": {
            "paper": {"type": "object", "properties": {"key": _TEXT}, "required": ["key"]},
            "variables": {"type": "object", "additionalProperties": _entry(VARIABLE_KEYS, {"over"}, [step])},
            **{name: {"type": "array", "items": items} for name, items in lists.items()},
        },
    }
