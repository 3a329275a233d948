"""What earlier runs made, and from what: digests only, in the private folder of their records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vpresearch.files import PRIVATE, file_digest, put
from vpresearch.staleness import changed
from vpresearch.telling import LANGUAGES, words

# A digest of a table that a public run hides would let anybody try what stands in it.
_PLACE = Path(PRIVATE) / "state.json"
_OF_RECORDS = ("notebooks", "report", "review")


@dataclass(frozen=True)
class Made:
    """One thing that was made: a notebook's outputs, a report, or the reviewer's pages.

    Attributes
    ----------
    inputs : dict of str to str
        Digests of what it was made from.
    outputs : dict of str to str
        SHA-256 of every file, by its relative path.
    seconds : float
        Run time.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    seconds: float = 0.0


@dataclass(frozen=True)
class Verdicts:
    """How the numbers of the paper fared, in short.

    Attributes
    ----------
    inputs : dict of str to str
        Digests of what they hang on.
    counts : dict of str to int
        Numbers by verdict.
    differing : int
    reconstruction : bool
        Whether the data were.
    """

    inputs: Mapping[str, str]
    counts: Mapping[str, int]
    differing: int
    reconstruction: bool


@dataclass
class State:
    """All that was made in one place.

    Attributes
    ----------
    out, records : pathlib.Path
        Folders of the outputs, and of executed notebooks, reports and reviewers' pages.
    made : dict of str to Made
        By file of the notebook, or ``report/LANGUAGE``, or ``review``.
    verdicts : Verdicts or None
    """

    out: Path
    records: Path
    made: dict[str, Made] = field(default_factory=dict)
    verdicts: Verdicts | None = None

    def place(self, part: str) -> Path:
        """Give the place of an output.

        Parameters
        ----------
        part : str
            Its relative path.

        Returns
        -------
        pathlib.Path
        """
        return (self.records if Path(part).parts[0] in _OF_RECORDS else self.out) / part

    def stale(self, name: str, inputs: Mapping[str, str]) -> list[str]:
        """Tell why something must be made.

        Parameters
        ----------
        name : str
        inputs : dict of str to str
            Digests of what it would be made from.

        Returns
        -------
        list of str
            The inputs that changed, or ``never`` or ``outputs``; empty if all is as it was made.
        """
        made = self.made.get(name)
        if made is None:
            return ["never"]
        found = changed(made.inputs, inputs)
        whole = all(file_digest(self.place(part)) == digest for part, digest in made.outputs.items())
        return found if whole else [*found, "outputs"]

    def write(self) -> None:
        """Write the record, whole or not at all."""
        place = self.records / _PLACE
        content = {
            "made": {name: asdict(made) for name, made in self.made.items()},
            "verdicts": asdict(self.verdicts) if self.verdicts else None,
        }
        put(place, json.dumps(content, indent=1) + "\n", private=True)


def read_state(out: Path, records: Path) -> State:
    """Read what earlier runs left.

    Parameters
    ----------
    out, records : pathlib.Path
        Folders of the outputs and of the records.

    Returns
    -------
    State
        Empty if there is no record, or none that can be read: then everything is made.

    Examples
    --------
    >>> read_state(Path("nowhere"), Path("nowhere")).stale("01_cohort.ipynb", {"data": "a1"})
    ['never']
    """
    try:
        content = json.loads((records / _PLACE).read_text(encoding="utf-8"))
        made = {name: read_made(entry) for name, entry in content["made"].items()}
        verdicts = _read_verdicts(content["verdicts"]) if content["verdicts"] else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return State(out, records)
    return State(out, records, made, verdicts)


def read_made(entry: Any) -> Made:
    """Read what `dataclasses.asdict` gave of something that was made; any other content is refused."""
    made = Made(**entry)
    of_words = _are_words(made.inputs) and _are_words(made.outputs) and all(Path(part).parts for part in made.outputs)
    if not of_words or not isinstance(made.seconds, (int, float)):
        raise TypeError("not what a run writes")
    return made


def _read_verdicts(entry: Any) -> Verdicts:
    read = Verdicts(**entry)
    counted = isinstance(read.counts, dict) and all(type(n) is int for n in (*read.counts.values(), read.differing))
    known = counted and read.counts.keys() <= words(LANGUAGES[0])["verdict"].keys()
    if not known or not _are_words(read.inputs) or type(read.reconstruction) is not bool:
        raise TypeError("not what a run writes")
    return read


def _are_words(entry: object) -> bool:
    return isinstance(entry, dict) and all(isinstance(value, str) for value in entry.values())


def outputs_of(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """Give the SHA-256 of files by their path within a folder.

    Parameters
    ----------
    folder : pathlib.Path
    files : iterable of pathlib.Path

    Returns
    -------
    dict of str to str
    """
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in sorted(files)}
