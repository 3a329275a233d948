"""What the outputs were made from: digests of content, never dates, names or folders."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from vpresearch.core.compendium import Notebook
from vpresearch.core.errors import LANGUAGES, refused, words
from vpresearch.core.files import PRIVATE, file_digest, put
from vpresearch.core.paths import COMPENDIUM, LOCK, NOTEBOOKS, ROOT

_PACKAGE = Path(__file__).parents[1]
# Patients' rows may lie there; a run's own data count by themselves.
_RAW = ROOT / "data" / "raw"
_SHIPPED = (".csv", ".fingerprints", ".npz", ".yaml")


def notebook_digest(path: Path) -> str:
    """Return the digest of a notebook's cells; what they once gave, and the editor's marks, are no part of it."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        cells = [
            [cell["cell_type"], "".join(cell["source"]), cell.get("metadata", {}).get("tags", [])]
            for cell in content["cells"]
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise refused(path.name, "broken_notebook") from None
    return _digest([json.dumps(cells).encode()])


@cache
def source_digest() -> str:
    """Return the digest of the package and of the tables that it ships."""
    return _digest(part for path in sorted(_sources()) for part in (path.name.encode(), _lines(path)))


def code_digest() -> str:
    """Digest what a result depends on beside its arguments: the package, its tables, the lock, the machine."""
    machine = f"{sys.version} {platform.platform()}"
    return _digest([source_digest().encode(), _lines(LOCK), machine.encode()])


def inputs(data: str, paper: Path, language: str, parameters: Mapping[str, object]) -> dict[str, str]:
    """Return the digests of all that a whole run depends on, but for the notebooks."""
    return {
        "parameters": _digest([json.dumps(dict(parameters), sort_keys=True).encode()]),
        "language": language,
        "data": data,
        "paper": file_digest(paper),
        "source": source_digest(),
        "lock": _digest([_lines(LOCK)]),
    }


def inputs_of(
    notebooks: Sequence[Notebook], sha256: str, paper: Path, chosen: Mapping[str, object], folder: Path = NOTEBOOKS
) -> dict[str, dict[str, str]]:
    """Return the digests of all that each notebook's outputs are made from."""
    parameters = {name: value for name, value in chosen.items() if name != "language"}
    common = inputs(sha256, paper, str(chosen["language"]), parameters)
    return {each.file: common | {"notebook": notebook_digest(folder / each.file)} for each in notebooks}


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Name the inputs that differ."""
    return [name for name in new if old.get(name) != new[name]]


def _sources() -> Iterator[Path]:
    yield COMPENDIUM
    for path in _PACKAGE.rglob("*"):
        # Hidden files are an editor's or the system's.
        hidden = any(part.startswith((".", "__pycache__")) for part in path.relative_to(_PACKAGE).parts)
        if path.is_file() and not hidden:
            yield path
    for path in (ROOT / "data").rglob("*"):
        if path.suffix in _SHIPPED and not path.is_relative_to(_RAW):
            yield path


def _lines(path: Path) -> bytes:
    content = path.read_bytes()
    return content if path.suffix == ".npz" else content.replace(b"\r\n", b"\n")


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        # The length keeps two parts from passing for another two.
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


# A digest of a table that a public run hides would let anybody try what stands in it.
_PLACE = Path(PRIVATE) / "state.json"
_OF_RECORDS = ("notebooks", "report", "review")


@dataclass(frozen=True)
class Made:
    """One thing that was made: a notebook's outputs, a report, or the reviewer's pages."""

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    seconds: float = 0.0


@dataclass(frozen=True)
class Verdicts:
    """How the numbers of the paper fared, in short."""

    inputs: Mapping[str, str]
    counts: Mapping[str, int]
    differing: int
    reconstruction: bool
    # What is told of each number that is proved unattainable, by language.
    unattainable: Mapping[str, list[str]] = field(default_factory=lambda: {language: [] for language in LANGUAGES})
    # Whether the study was seen to be another than that of the paper asked for, and is held against none.
    another: bool = False


@dataclass
class State:
    """All that was made in one place."""

    out: Path
    records: Path
    made: dict[str, Made] = field(default_factory=dict)
    verdicts: Verdicts | None = None

    def place(self, part: str) -> Path:
        """Return the place of an output."""
        return (self.records if Path(part).parts[0] in _OF_RECORDS else self.out) / part

    def stale(self, name: str, inputs: Mapping[str, str]) -> list[str]:
        """Return why something must be made."""
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
    """Read what earlier runs left."""
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
    told = [line for language in LANGUAGES for line in read.unattainable[language]]
    if not (known and _are_words(read.inputs) and all(isinstance(line, str) for line in told)) or (
        type(read.reconstruction) is not bool
    ):
        raise TypeError("not what a run writes")
    return read


def _are_words(entry: object) -> bool:
    return isinstance(entry, dict) and all(isinstance(value, str) for value in entry.values())


def outputs_of(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of files by their path within a folder."""
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in sorted(files)}


_MADE = ".made.json"


class Finished:
    """The outputs of notebooks that finished, until all have."""

    def __init__(self, records: Path) -> None:
        self.folder = records / "private" / "finished"

    def keep(self, name: str, workspace: Path, inputs: Mapping[str, str], seconds: float) -> None:
        """Take the outputs of a notebook, all at once."""
        made = Made(dict(inputs), outputs_of(workspace, _files(workspace)), seconds)
        (workspace / _MADE).write_text(json.dumps(asdict(made)), encoding="utf-8")
        self.drop(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        os.replace(workspace, self.folder / name)

    def made(self, name: str, inputs: Mapping[str, str]) -> Made | None:
        """Return what waits of a notebook."""
        place = self.folder / name
        try:
            made = read_made(json.loads((place / _MADE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        whole = made.outputs == outputs_of(place, [path for path in _files(place) if path.name != _MADE])
        return made if whole and made.inputs == dict(inputs) else None

    def put_in_place(self, name: str, state: State, aside: Path) -> None:
        """Put the outputs of a notebook in place, each file whole; they go on waiting until dropped."""
        place = self.folder / name
        for made in _files(place):
            if made.name != _MADE:
                target = state.place(made.relative_to(place).as_posix())
                target.parent.mkdir(parents=True, exist_ok=True)
                copy = shutil.copyfile(made, aside / made.name)
                os.replace(copy, target)

    def drop(self, name: str = "") -> None:
        """Drop what waits of a notebook, or of all."""
        shutil.rmtree(self.folder / name, ignore_errors=True)


class Computed:
    """What runs on a reconstruction computed, for those after them; results of real data go with their run."""

    def __init__(self, records: Path) -> None:
        self._records = records

    @cached_property
    def folder(self) -> Path:
        """The folder of what this code computes."""
        return self._records / "private" / "computed" / code_digest()[:16]

    def begin(self) -> Path:
        """Return the folder, to be shared at once by who knows that the data are a reconstruction."""
        if not self.folder.is_dir():
            self.drop()
        return self.folder

    def keep(self, place: Path) -> None:
        """Take the results of a run, in the place of those of other code."""
        if place != self.folder:
            self.drop()
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            os.replace(place, self.folder)

    def drop(self) -> None:
        """Drop all of them."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
