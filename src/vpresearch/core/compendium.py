"""The map of the compendium: which notebook makes which exhibit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from vpresearch.core.errors import InputError, refused, tell
from vpresearch.core.paths import COMPENDIUM


@dataclass(frozen=True)
class Exhibit:
    """Something that a notebook makes."""

    name: str
    output: str


@dataclass(frozen=True)
class Notebook:
    """A notebook and what it makes."""

    file: str
    exhibits: tuple[Exhibit, ...]
    only_reconstruction: bool = False
    only_paper: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class Image:
    """An exhibit of the paper that no data can give."""

    name: str
    shows: Mapping[str, str]


@dataclass(frozen=True)
class Compendium:
    """The map."""

    notebooks: tuple[Notebook, ...]
    images: tuple[Image, ...]


def read_compendium(path: Path = COMPENDIUM) -> Compendium:
    """Read the map."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Compendium(
            tuple(_notebook(entry) for entry in content["notebooks"]),
            tuple(Image(str(entry["exhibit"]), dict(entry["shows"])) for entry in content["images"]),
        )
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        problem = tell("broken_map")
        raise InputError(path.name, [replace(problem, line=mark.line + 1) if mark else problem]) from None
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError):
        raise refused(path.name, "broken_map") from None


def _notebook(entry: Mapping[str, Any]) -> Notebook:
    name, exhibits = Path(entry["file"]), entry["exhibits"]
    # It names files beside the map, and no others.
    if name.name != str(name) or name.suffix != ".ipynb":
        raise ValueError(name)
    return Notebook(
        str(name),
        tuple(Exhibit(str(made["exhibit"]), str(made["output"])) for made in exhibits),
        bool(entry.get("only_reconstruction", False)),
        bool(entry.get("only_paper", False)),
        float(entry.get("seconds", 0.0)),
    )


def choose(
    compendium: Compendium, names: Sequence[str] | None, *, reconstruction: bool, judged: bool = True
) -> tuple[Notebook, ...]:
    """Choose the notebooks of a run: all that have something to say of its data, or those that make some exhibits."""
    sensible = tuple(
        each
        for each in compendium.notebooks
        if (reconstruction or not each.only_reconstruction) and (judged or not each.only_paper)
    )
    if names is None:
        return sensible
    known = {each.file: {_plain(name) for name in _names(each)} for each in sensible}
    for name in names:
        if not any(_plain(name) in own for own in known.values()):
            stems = [Path(each.file).stem for each in sensible]
            made = [Path(exhibit.output).name for each in sensible for exhibit in each.exhibits]
            raise refused(name, "unknown_exhibit", names=", ".join(dict.fromkeys([*stems, *made])))
    return tuple(each for each in sensible if known[each.file] & {_plain(name) for name in names})


def _names(notebook: Notebook) -> list[str]:
    outputs = [exhibit.output for exhibit in notebook.exhibits]
    exhibits = [exhibit.name for exhibit in notebook.exhibits]
    return [notebook.file, Path(notebook.file).stem, *exhibits, *outputs, *(Path(output).name for output in outputs)]


def _plain(name: str) -> str:
    return "".join(name.lower().split())
