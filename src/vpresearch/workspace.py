"""Where notebooks that finished wait, and where what they computed is kept."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from vpresearch.state import Made, State, outputs_of, read_made

_MADE = ".made.json"


class Finished:
    """The outputs of notebooks that finished, until all have.

    Parameters
    ----------
    records : pathlib.Path
        Folder of the records; they wait in its private part, so that a run that is cut short can go on.
    """

    def __init__(self, records: Path) -> None:
        self.folder = records / "private" / "finished"

    def keep(self, name: str, workspace: Path, inputs: Mapping[str, str], seconds: float) -> None:
        """Take the outputs of a notebook, all at once.

        Parameters
        ----------
        name : str
            File of the notebook.
        workspace : pathlib.Path
            Where it wrote them, on the same file system; the folder is moved.
        inputs : dict of str to str
            Digests of what they were made from.
        seconds : float
        """
        made = Made(dict(inputs), outputs_of(workspace, _files(workspace)), seconds)
        (workspace / _MADE).write_text(json.dumps(asdict(made)), encoding="utf-8")
        self.drop(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        os.replace(workspace, self.folder / name)

    def made(self, name: str, inputs: Mapping[str, str]) -> Made | None:
        """Give what waits of a notebook.

        Parameters
        ----------
        name : str
        inputs : dict of str to str
            Digests of what it is to have been made from.

        Returns
        -------
        Made or None
            None if nothing waits that was made from these and is whole.
        """
        place = self.folder / name
        try:
            made = read_made(json.loads((place / _MADE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        whole = made.outputs == outputs_of(place, [path for path in _files(place) if path.name != _MADE])
        return made if whole and made.inputs == dict(inputs) else None

    def put_in_place(self, name: str, state: State, aside: Path) -> None:
        """Put the outputs of a notebook in place, each file whole; they go on waiting until dropped.

        Parameters
        ----------
        name : str
        state : State
            Knows the places.
        aside : pathlib.Path
            A folder for copies.
        """
        place = self.folder / name
        for made in _files(place):
            if made.name != _MADE:
                target = state.place(made.relative_to(place).as_posix())
                target.parent.mkdir(parents=True, exist_ok=True)
                copy = shutil.copyfile(made, aside / made.name)
                os.replace(copy, target)

    def drop(self, name: str = "") -> None:
        """Drop what waits of a notebook, or of all.

        Parameters
        ----------
        name : str, optional
        """
        shutil.rmtree(self.folder / name, ignore_errors=True)


class Computed:
    """What runs on a reconstruction computed, for those after them; results of real data go with their run.

    Parameters
    ----------
    records : pathlib.Path
        Folder of the records; the results are in its private part.
    code : str
        Digest of all that results hang on beside their arguments.
    """

    def __init__(self, records: Path, code: str) -> None:
        self.folder = records / "private" / "computed" / code[:16]

    def keep(self, place: Path) -> None:
        """Take the results of a run, in the place of those of other code.

        Parameters
        ----------
        place : pathlib.Path
            Where they are, on the same file system; the folder is moved.
        """
        if place != self.folder:
            self.drop()
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            os.replace(place, self.folder)

    def drop(self) -> None:
        """Drop all of them."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
