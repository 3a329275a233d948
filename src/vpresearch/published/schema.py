"""What a paper's YAML may hold, as JSON Schema for editors: made of what the reader itself accepts."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, get_args

from vpresearch.core.paths import PAPER_SCHEMA
from vpresearch.published import paper_yaml
from vpresearch.published.claims import Kind, Recomputed, Sided, TestName

_Schema = dict[str, Any]

_TEXT: _Schema = {"type": "string"}
_NAME: _Schema = {"type": "string", "minLength": 1}
_TRUTH: _Schema = {"type": "boolean"}
_TEXTS: _Schema = {"type": "array", "items": _TEXT}
_TWO: _Schema = {**_TEXTS, "minItems": 2, "maxItems": 2}
_BY_COLUMN: _Schema = {"type": "object", "additionalProperties": _TEXT}


def _one_of(words: Collection[str]) -> _Schema:
    return {"enum": sorted(words)}


def _entry(known: Collection[str], needed: Collection[str], rules: Collection[_Schema] = ()) -> _Schema:
    values = {key: _VALUES.get(key, _TEXT) for key in sorted(known)}
    found: _Schema = {"type": "object", "properties": values, "required": sorted(needed), "additionalProperties": False}
    return {**found, "allOf": [*rules]} if rules else found


def _where(key: str, value: str, then: _Schema) -> _Schema:
    """Ask for more where a key has a value."""
    return {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": then}


def _compute() -> _Schema:
    rules = [_where("statistic", name, {"required": sorted(needed)}) for name, needed in paper_yaml.NEEDS.items()]
    rules += [
        {"if": {"required": [key]}, "then": {"properties": {"statistic": _one_of(each.of)}}}
        for key, each in paper_yaml.FURTHER.items()
    ]
    return _entry(paper_yaml.COMPUTE_KEYS, {"statistic", "over"}, rules)


# What is no mere text.
_VALUES: dict[str, _Schema] = {
    **dict.fromkeys(("id", "variable", "by", "over"), _NAME),
    **dict.fromkeys(("places", "beside", "variables", "also"), _TEXTS),
    **dict.fromkeys(("fell", "ratio"), _TWO),
    **dict.fromkeys(("group", "minus", "within"), _BY_COLUMN),
    **dict.fromkeys(("randomised", "contradicted", "complete"), _TRUTH),
    "change": {**_BY_COLUMN, "required": ["from", "to"], "maxProperties": 2},
    "most_equal": {"type": "integer", "minimum": 1},
    "table": {"type": "array", "items": _TEXTS, "minItems": 2},
    "kind": _one_of(set(get_args(Kind)) - {"test"}),
    "statistic": _one_of(get_args(Recomputed)),
    "sided": _one_of(get_args(Sided)),
    "test": {
        "anyOf": [_one_of(get_args(TestName)), {"type": "array", "items": _one_of(get_args(TestName)), "minItems": 1}]
    },
}
_SAID: _Schema = {"type": "object", "properties": dict.fromkeys(sorted(paper_yaml.LANGUAGES), _TEXT)}
_VALUES |= {key: {**_SAID, "additionalProperties": False} for key in ("says", "reason")}


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
        for kind, statistic in paper_yaml.STATISTIC_OF.items()
    ]
    claim = _entry(paper_yaml.CLAIM_KEYS, paper_yaml.CLAIM_NEEDS, kinds)
    claim["properties"]["compute"] = _compute()
    statement = _entry(paper_yaml.STATEMENT_KEYS, paper_yaml.STATEMENT_NEEDS)
    number = {"anyOf": [{"required": [key]} for key in ("p", *paper_yaml.NUMBERS, "table")]}
    lists = {"claims": claim, "statements": statement, "tests": _entry(paper_yaml.TEST_KEYS, {"id"}, [number])}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": [*paper_yaml.SECTIONS],
        "properties": {
            "paper": {"type": "object", "properties": {"key": _TEXT}, "required": ["key"]},
            "variables": {"type": "object", "additionalProperties": _entry(paper_yaml.VARIABLE_KEYS, {"over"}, [step])},
            **{name: {"type": "array", "items": items} for name, items in lists.items()},
        },
    }
