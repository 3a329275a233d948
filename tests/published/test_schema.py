"""The schema for editors accepts what the reader accepts, and refuses the keys and forms that it refuses."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from tests.made_up_paper import make_paper, write_paper
from vpresearch.core.errors import InputError
from vpresearch.core.paths import NO_PAPER, PAPER_SCHEMA, PUBLISHED, ROOT
from vpresearch.published import read_paper
from vpresearch.published.schema import paper_schema, schema_text

SCHEMA = Draft7Validator(paper_schema())
PAGE = (ROOT / "data/published/README.md").read_text("utf-8")
_BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)]
_ROWS = [{"id": "a", **yaml.safe_load(row)} for row in re.findall(r"^\| `(\{[^`]+\})` \|", PAGE, re.M)]
_STATEMENT = {"id": "s", "places": ["text"], "says": {"es": "a", "en": "b"}, "reason": {"es": "a", "en": "b"}}
PAPER: dict[str, Any] = {**_BLOCKS[0], "tests": [{"id": "t", "p": "0.5"}], "statements": [_STATEMENT]}


def accepted(content: dict[str, Any], folder: Path) -> bool:
    try:
        read_paper(write_paper(content, folder / "paper.yaml"))
    except InputError:
        return False
    return True


def test_the_committed_schema_is_that_of_the_reader() -> None:
    Draft7Validator.check_schema(paper_schema())
    assert PAPER_SCHEMA.read_text(encoding="utf-8") == schema_text()
    assert json.loads(schema_text()) == paper_schema()


@pytest.mark.parametrize("path", [PUBLISHED, NO_PAPER])
def test_the_papers_of_the_project_are_accepted(path: Path) -> None:
    SCHEMA.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_every_example_of_the_page_is_accepted() -> None:
    assert len(_ROWS) > 15
    SCHEMA.validate(_BLOCKS[0])
    SCHEMA.validate({"paper": {"key": "x"}, "variables": {}, "claims": [], "tests": [*_BLOCKS[1]["tests"], *_ROWS]})


def test_papers_that_the_reader_accepts_are_accepted(tmp_path: Path) -> None:
    for seed in range(12):
        content = make_paper(seed)
        assert accepted(content, tmp_path)
        SCHEMA.validate(content)


def places(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Where keys stand in a paper."""
    claim = content["claims"][2]
    found = {"variables": next(iter(content["variables"].values())), "claims": claim, "compute": claim["compute"]}
    return {**found, "tests": content["tests"][0], "statements": content["statements"][0]}


_PARTS = {
    "variables": paper_schema()["properties"]["variables"]["additionalProperties"],
    "claims": paper_schema()["properties"]["claims"]["items"],
    "compute": paper_schema()["properties"]["claims"]["items"]["properties"]["compute"],
    "tests": paper_schema()["properties"]["tests"]["items"],
    "statements": paper_schema()["properties"]["statements"]["items"],
}
_KNOWN = {name: sorted(part["properties"]) for name, part in _PARTS.items()}
# The keys that the schema says are needed, and the one number of a row of tests.
_NEEDED = {name: {*part["required"], *({"p"} if name == "tests" else ())} for name, part in _PARTS.items()}


@pytest.mark.parametrize("place", list(_KNOWN))
def test_what_the_reader_refuses_is_refused(place: str, tmp_path: Path) -> None:
    assert accepted(PAPER, tmp_path)
    SCHEMA.validate(PAPER)
    # A key that nobody knows; every known key with what no key holds; and every key that is needed.
    changes: list[tuple[str, Any]] = [("colour", "x"), *((key, {"x": 1}) for key in _KNOWN[place])]
    for key, value in changes:
        content = deepcopy(PAPER)
        places(content)[place][key] = value
        assert not accepted(content, tmp_path), key
        assert not SCHEMA.is_valid(content), key
    for key in places(PAPER)[place]:
        content = deepcopy(PAPER)
        del places(content)[place][key]
        # What one claim needs of the others no schema can ask for.
        assert SCHEMA.is_valid(content) >= accepted(content, tmp_path), key
        assert not (key in _NEEDED[place] and SCHEMA.is_valid(content)), key


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ("claims", "kind", "test"),
        ("claims", "kind", "sd"),
        ("compute", "statistic", "sd"),
        ("compute", "over", ""),
        ("compute", "of", "54"),
        ("compute", "by", "arm"),
        ("compute", "change", {"from": "score"}),
        ("compute", "fell", ["score"]),
        ("tests", "test", "wilcoxon"),
        ("tests", "test", []),
        ("tests", "sided", "both"),
        ("tests", "p", 0.5),
        ("statements", "says", {"fr": "a"}),
        ("variables", "most_equal", 0),
        ("variables", "ratio", ["a"]),
    ],
)
def test_a_value_that_the_reader_refuses_is_refused(place: str, key: str, value: object, tmp_path: Path) -> None:
    content = deepcopy(PAPER)
    places(content)[place][key] = value
    assert not accepted(content, tmp_path)
    assert not SCHEMA.is_valid(content)


@pytest.mark.parametrize("section", ["paper", "variables", "claims"])
def test_every_section_that_the_reader_needs_is_asked_for(section: str) -> None:
    assert not SCHEMA.is_valid({name: part for name, part in PAPER.items() if name != section})
