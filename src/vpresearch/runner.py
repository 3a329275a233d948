"""Run the notebooks of the compendium on one dataset, all or nothing."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import papermill
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from vpresearch.compendium import Exhibit, Notebook, choose, read_compendium
from vpresearch.errors import VPResearchError
from vpresearch.executed import without_paths
from vpresearch.load import Dataset
from vpresearch.project import NOTEBOOKS, ROOT
from vpresearch.pseudonyms import pseudonymise, write_rows

_VERSIONS = ("vpresearch", "numpy", "pandas", "scipy", "statsmodels", "pingouin", "matplotlib", "seaborn", "papermill")


_OUR_ERRORS = ("InputError", "NotFoundError", "VPResearchError")


class NotebookError(VPResearchError):
    """A notebook that failed, with the cell and the reason."""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    folder : pathlib.Path
        Where the outputs are.
    seconds : dict of str to float
        Run time by notebook.
    """

    folder: Path
    seconds: Mapping[str, float]


def run(
    dataset: Dataset,
    data: Path,
    out: Path,
    records: Path,
    *,
    language: str,
    alpha: float,
    seed: int,
    min_cell: int = 0,
    only: str | None = None,
    quiet: bool = False,
) -> Run:
    """Execute every notebook, and put the outputs in place only when all have finished.

    Parameters
    ----------
    dataset : Dataset
        The validated data.
    data : pathlib.Path
        Its file. The notebooks load that of a reconstruction again, and of other data rows without patient ids, which
        are gone afterwards.
    out : pathlib.Path
        Folder of ``tables/`` and ``figures/``.
    records : pathlib.Path
        Folder of the executed notebooks, the record of the run, and a failed notebook.
    language : {"es", "en"}
    alpha : float
    seed : int
    min_cell : int, default 0
        Least count that a public run shows; 0 for a run that is not public.
    only : str, optional
        The one notebook or exhibit to make, by a name that ``choose`` knows; all of them where not given.
    quiet : bool, default False
        Without a progress bar.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If there is nothing of the name ``only``.
    NotebookError
        If a notebook fails or takes other parameters; nothing is put in place then.
    """
    notebooks = choose(read_compendium(), only, reconstruction=dataset.reconstruction)
    chosen = {"language": language, "alpha": alpha, "seed": seed, "min_cell": min_cell}
    seconds: dict[str, float] = {}
    with _staging(records) as staging:
        rows = data.resolve() if dataset.reconstruction else staging / "private" / "rows.csv"
        if not dataset.reconstruction:
            write_rows(pseudonymise(dataset), rows)
        parameters = {"data": str(rows), **chosen, "out": str(staging)}
        shown = {"data": _data_shown(dataset, rows), **chosen, "out": ".."}
        for notebook in notebooks:
            _check_parameters(notebook, parameters)
        for notebook in tqdm(notebooks, desc="notebooks", unit="notebook", disable=quiet):
            start = time.perf_counter()
            _execute(notebook, staging, records, parameters)
            seconds[notebook.file] = time.perf_counter() - start
            names = {str(rows): str(shown["data"]), str(staging): "..", str(ROOT): "."}
            without_paths(staging / "notebooks" / notebook.file, shown, names)
        if not dataset.reconstruction:
            rows.unlink()
        _check_outputs(notebooks, staging)
        if min_cell:
            _remove_what_is_left_out(notebooks, staging, out)
        _put_in_place(staging, out, records)
    if only is None:
        _write_record(records, dataset, chosen, seconds)
    return Run(out, seconds)


def _data_shown(dataset: Dataset, data: Path) -> str:
    """Name the data in what others may read: a file of one's own may be called after a patient."""
    if dataset.reconstruction and data.is_relative_to(ROOT):
        return f"../{data.relative_to(ROOT).as_posix()}"
    return f"sha256:{dataset.sha256}"


def _check_parameters(notebook: Notebook, parameters: Mapping[str, Any]) -> None:
    """Refuse a parameter that the notebook does not know, or lacks; papermill would only warn."""
    known = set(papermill.inspect_notebook(str(NOTEBOOKS / notebook.file)))
    unknown, missing = sorted(set(parameters) - known), sorted(known - set(parameters))
    faults = [f"does not know the parameter {name}" for name in unknown]
    faults += [f"asks for the parameter {name}, which nothing gives" for name in missing]
    if faults:
        raise NotebookError(f"{notebook.file} {' and '.join(faults)}")


def _execute(notebook: Notebook, staging: Path, records: Path, parameters: Mapping[str, Any]) -> None:
    executed = staging / "notebooks" / notebook.file
    executed.parent.mkdir(exist_ok=True)
    try:
        papermill.execute_notebook(
            str(NOTEBOOKS / notebook.file),
            str(executed),
            dict(parameters),
            kernel_name="python3",
            progress_bar=False,
            cwd=str(NOTEBOOKS),
            # The kernel listens on loopback only; its warning of plain TCP would frighten and not help.
            # IPython would keep every cell, and so the path of the data, in a history of its own.
            extra_arguments=["--IPKernelApp.log_level=ERROR", "--HistoryManager.enabled=False"],
        )
    except PapermillExecutionError as error:
        failed = records / "private" / "failed" / notebook.file
        failed.parent.mkdir(parents=True, exist_ok=True)
        os.replace(executed, failed)
        # Only an error of our own is sure to quote no patient's row; another one's words stay in the private copy.
        words = f": {error.evalue}" if error.ename in _OUR_ERRORS else ""
        raise NotebookError(
            f"{notebook.file} failed in cell {error.cell_index + 1}: {error.ename}{words}\n"
            f"The failed copy, with the reason, is private/failed/{failed.name}; nothing else was written."
        ) from None


def _check_outputs(notebooks: tuple[Notebook, ...], staging: Path) -> None:
    """Refuse a run that did not make what the map says: an old exhibit would be left standing."""
    for notebook in notebooks:
        for exhibit in notebook.exhibits:
            if not _files_of(staging, exhibit) and not _files_of(staging / "private", exhibit):
                raise NotebookError(f"{notebook.file} did not make {exhibit.output}")


def _files_of(folder: Path, exhibit: Exhibit) -> list[Path]:
    place = folder / exhibit.output if folder.name != "private" else folder / Path(exhibit.output).name
    return list(place.parent.glob(f"{place.name}.*"))


# -- files -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _staging(records: Path) -> Iterator[Path]:
    """Open a folder that is gone afterwards, whatever happens, on the file system of the outputs."""
    made = [folder for folder in (records, *records.parents) if not folder.exists()]
    records.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=records))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        for folder in made:
            # A folder that this run made and left empty says that something finished; nothing did.
            with contextlib.suppress(OSError):
                folder.rmdir()


def _remove_what_is_left_out(notebooks: tuple[Notebook, ...], staging: Path, out: Path) -> None:
    """Remove what an earlier run that was not public has left, and this one does not show."""
    for exhibit in (exhibit for notebook in notebooks for exhibit in notebook.exhibits):
        made = {path.name for path in _files_of(staging, exhibit)}
        for old in _files_of(out, exhibit):
            if old.name not in made:
                old.unlink()


def _put_in_place(staging: Path, out: Path, records: Path) -> None:
    for made in sorted(path for path in staging.rglob("*") if path.is_file()):
        part = made.relative_to(staging)
        target = (records if part.parts[0] == "notebooks" else out) / part
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(made, target)
    shutil.rmtree(records / "private" / "failed", ignore_errors=True)


def _write_record(records: Path, dataset: Dataset, parameters: Mapping[str, Any], seconds: Mapping[str, float]) -> None:
    record = {
        "data": {"sha256": dataset.sha256, "reconstruction": dataset.reconstruction},
        "identifiers_dropped": len(dataset.dropped),
        "parameters": dict(parameters),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _VERSIONS},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
    }
    aside = records / ".run.json"
    aside.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    os.replace(aside, records / "run.json")
