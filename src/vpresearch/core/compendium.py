"""The map of the compendium: which notebook makes which exhibit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from vpresearch.core.errors import InputError, refused, tell
from vpresearch.core.paths import COMPENDIUM


@dataclass(frozen=True)
class Exhibit:
    """Something that a notebook makes.

    Attributes
    ----------
    name : str
    output : str
        Its files, without their ending.
    """

    name: str
    output: str


@dataclass(frozen=True)
class Notebook:
    """A notebook and what it makes.

    Attributes
    ----------
    file : str
    exhibits : tuple of Exhibit
    only_reconstruction : bool
        Whether it has nothing to say where the data are real.
    seconds : float
        About how long it takes; only the order hangs on it, and only before the first run.
    """

    file: str
    exhibits: tuple[Exhibit, ...]
    only_reconstruction: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class Image:
    """An exhibit of the paper that no data can give.

    Attributes
    ----------
    name : str
    shows : dict of str to str
        The kind of vertebra it shows, canonical value by column.
    """

    name: str
    shows: Mapping[str, str]


@dataclass(frozen=True)
class Compendium:
    """The map.

    Attributes
    ----------
    notebooks : tuple of Notebook
        In the order in which they run.
    images : tuple of Image
    """

    notebooks: tuple[Notebook, ...]
    images: tuple[Image, ...]


def read_compendium(path: Path = COMPENDIUM) -> Compendium:
    """Read the map.

    Parameters
    ----------
    path : pathlib.Path, optional

    Returns
    -------
    Compendium

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> [notebook.file for notebook in read_compendium().notebooks][0]
    '01_cohort.ipynb'
    """
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
        float(entry.get("seconds", 0.0)),
    )


def choose(compendium: Compendium, name: str | None, *, reconstruction: bool) -> tuple[Notebook, ...]:
    """Choose the notebooks of a run: all that have something to say of its data, or those that make one exhibit.

    Parameters
    ----------
    compendium : Compendium
    name : str or None
        A notebook (``02_leaks``), an exhibit (``table 3``) or an output (``table3``, ``tables/table3``), in any case;
        None for all.
    reconstruction : bool
        Whether the data are a reconstruction.

    Returns
    -------
    tuple of Notebook

    Raises
    ------
    InputError
        If nothing has that name; it lists what has one.

    Examples
    --------
    >>> [notebook.file for notebook in choose(read_compendium(), "Table 3", reconstruction=True)]
    ['02_leaks.ipynb']
    """
    sensible = tuple(each for each in compendium.notebooks if reconstruction or not each.only_reconstruction)
    if name is None:
        return sensible
    chosen = tuple(each for each in sensible if _plain(name) in {_plain(known) for known in _names(each)})
    if not chosen:
        stems = [Path(each.file).stem for each in sensible]
        made = [Path(exhibit.output).name for each in sensible for exhibit in each.exhibits]
        raise refused(name, "unknown_exhibit", names=", ".join(dict.fromkeys([*stems, *made])))
    return chosen


def _names(notebook: Notebook) -> list[str]:
    outputs = [exhibit.output for exhibit in notebook.exhibits]
    exhibits = [exhibit.name for exhibit in notebook.exhibits]
    return [notebook.file, Path(notebook.file).stem, *exhibits, *outputs, *(Path(output).name for output in outputs)]


def _plain(name: str) -> str:
    return "".join(name.lower().split())
