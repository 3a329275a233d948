"""The map of the compendium: which notebook makes which exhibit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from vpresearch.project import COMPENDIUM


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
    """

    file: str
    exhibits: tuple[Exhibit, ...]
    only_reconstruction: bool = False


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

    Examples
    --------
    >>> [notebook.file for notebook in read_compendium().notebooks][0]
    '01_cohort.ipynb'
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    notebooks = tuple(
        Notebook(
            entry["file"],
            tuple(Exhibit(made["exhibit"], made["output"]) for made in entry["exhibits"]),
            entry.get("only_reconstruction", False),
        )
        for entry in content["notebooks"]
    )
    return Compendium(notebooks, tuple(Image(entry["exhibit"], entry["shows"]) for entry in content["images"]))
