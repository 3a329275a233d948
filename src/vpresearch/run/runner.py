"""Run the notebooks of the compendium on one dataset, all or nothing."""

from __future__ import annotations

import ast
import json
import platform
import shutil
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vpresearch.core.compendium import Exhibit, Notebook, choose, read_compendium
from vpresearch.core.errors import Problem, VPResearchError, failure, progress_bar, refused, tell
from vpresearch.core.files import PRIVATE, put, staging
from vpresearch.core.paths import NO_PAPER, NOTEBOOKS, ROOT
from vpresearch.data import Dataset, pseudonymise, write_rows
from vpresearch.parallel.forks import Copies
from vpresearch.review import load_page_writer, write_notebook_page
from vpresearch.run.execution import LIMIT, Outcome, Task, execute_in_turn, execute_together, move_failed, without_paths
from vpresearch.run.state import Finished, State, inputs_of, read_state

_VERSIONS = ("vpresearch", "numpy", "pandas", "scipy", "statsmodels", "pingouin", "matplotlib", "seaborn", "papermill")

# Where a notebook writes that is run by hand; a copy that is run again must not touch what it stands among.
_OUT = "build/notebooks"


class NotebookError(VPResearchError):
    """Notebooks that failed, each with the cell and the reason."""


@dataclass(frozen=True)
class Run:
    """A finished run."""

    folder: Path
    seconds: Mapping[str, float]


def run(
    dataset: Dataset,
    data: Path,
    paper: Path,
    out: Path,
    records: Path,
    *,
    language: str,
    alpha: float,
    seed: int,
    min_cell: int = 0,
    only: Sequence[str] | None = None,
    force: bool = False,
    limit: float = LIMIT,
    quiet: bool = False,
    copies: Copies | None = None,
) -> Run:
    """Execute every notebook whose inputs changed, and put the outputs in place only when all have finished."""
    notebooks = choose(
        read_compendium(), only, reconstruction=dataset.reconstruction, judged=paper.resolve() != NO_PAPER
    )
    chosen = {"language": language, "alpha": alpha, "seed": seed, "min_cell": min_cell}
    for notebook in notebooks:
        _check_parameters(notebook, {"data", "paper", "out", *chosen})
    made_from = inputs_of(notebooks, dataset.digest, paper, chosen, NOTEBOOKS)
    state, finished = read_state(out, records), Finished(records)
    stale = [each for each in notebooks if force or state.stale(each.file, made_from[each.file])]
    seconds: dict[str, float] = {}
    # Whatever still writes must end before its folder goes.
    with staging(records) as place, copies or nullcontext():
        if force:
            finished.drop()
        waiting = [each for each in stale if finished.made(each.file, made_from[each.file]) is None]
        rows = data.resolve() if dataset.reconstruction else place / "private" / "rows.csv"
        if not dataset.reconstruction:
            write_rows(pseudonymise(dataset), rows)
        of_paper = paper.resolve()
        own = of_paper.is_relative_to(ROOT)
        shown = {
            "data": _data_shown(dataset, rows, public=bool(min_cell)),
            "paper": of_paper.relative_to(ROOT).as_posix() if own else of_paper.name,
            **chosen,
            "out": _OUT,
        }
        names = {str(rows): str(shown["data"]), str(of_paper): str(shown["paper"]), str(ROOT): "."}
        waiting.sort(key=lambda each: -_expected(each, state))
        tasks = [_task(each, place, {"data": str(rows), "paper": str(of_paper), **chosen}, limit) for each in waiting]
        outcomes = execute_in_turn(tasks) if copies is None else execute_together(tasks, copies)
        if tasks:
            # While the first of them run.
            load_page_writer()
        faults: list[Problem | str] = []
        of_input = True
        for outcome in progress_bar("notebooks", len(tasks), None if quiet or not tasks else language, outcomes):
            notebook, workspace = _of(outcome, waiting), place / outcome.task.source.name
            if wrong := _faults(notebook, outcome, records):
                faults += wrong
                of_input &= outcome.failure is not None and outcome.failure.of_input
                continue
            without_paths(outcome.task.executed, shown, names | {str(workspace): ".."})
            write_notebook_page(outcome.task.executed, language, reconstruction=dataset.reconstruction)
            finished.keep(notebook.file, workspace, made_from[notebook.file], outcome.seconds)
            seconds[notebook.file] = outcome.seconds
        if faults:
            error = NotebookError(*faults, tell("run_without_outputs"))
            error.of_input = of_input
            raise error
        for each in stale:
            if min_cell:
                _remove_what_is_left_out(each, finished.folder / each.file, out)
            finished.put_in_place(each.file, state, place)
            made = finished.made(each.file, made_from[each.file])
            assert made is not None
            state.made[each.file] = made
        if stale:
            state.write()
            shutil.rmtree(records / "private" / "failed", ignore_errors=True)
        finished.drop()
    if only is None and (stale or not (records / "run.json").exists()):
        _write_record(records, dataset, chosen, {each.file: state.made[each.file].seconds for each in notebooks})
    return Run(out, seconds)


def _task(notebook: Notebook, place: Path, parameters: Mapping[str, Any], limit: float) -> Task:
    """Give every notebook a folder of its own to write in."""
    workspace = place / notebook.file
    workspace.mkdir()
    executed = workspace / "notebooks" / notebook.file
    return Task(NOTEBOOKS / notebook.file, executed, {**parameters, "out": str(workspace)}, limit)


def _expected(notebook: Notebook, state: State) -> float:
    """Return the seconds that a notebook took the last time; the longest begins first, so that no core waits for it."""
    made = state.made.get(notebook.file)
    return made.seconds if made is not None and made.seconds else notebook.seconds


def _of(outcome: Outcome, notebooks: Sequence[Notebook]) -> Notebook:
    return next(each for each in notebooks if each.file == outcome.task.source.name)


def _faults(notebook: Notebook, outcome: Outcome, records: Path) -> list[Problem | str]:
    """Report what is wrong with an executed notebook; an exhibit that is not made would leave an old one standing."""
    if outcome.failure is not None:
        move_failed(outcome.task.executed, records / "private" / "failed")
        where = {"notebook": notebook.file, "number": outcome.failure.cell}
        told = tell(outcome.failure.code, **where, error=outcome.failure.error, limit=outcome.task.limit)  # type: ignore[arg-type]
        return [told, *filter(None, [outcome.failure.said])]
    workspace = Path(str(outcome.task.parameters["out"]))
    for exhibit in notebook.exhibits:
        if not _files_of(workspace, exhibit) and not _files_of(workspace / "private", exhibit):
            return [tell("notebook_made_nothing", notebook=notebook.file, output=exhibit.output)]
    return []


def _data_shown(dataset: Dataset, data: Path, *, public: bool) -> str:
    """Name the data in what others may read: a file of one's own may be called after a patient."""
    if dataset.reconstruction and data.is_relative_to(ROOT):
        return data.relative_to(ROOT).as_posix()
    return f"sha256:{dataset.sha256}" if _may_digest(dataset, public=public) else PRIVATE


def _may_digest(dataset: Dataset, *, public: bool) -> bool:
    """Say whether a digest of the data may be shown: whoever guesses all of a file but a few cells could try them."""
    return dataset.reconstruction or not public


def _check_parameters(notebook: Notebook, parameters: set[str]) -> None:
    """Refuse a parameter that the notebook does not know, or lacks; papermill would only warn."""
    known = _parameters_of(NOTEBOOKS / notebook.file)
    unknown, missing = sorted(parameters - known), sorted(known - parameters)
    if unknown or missing:
        lists = {"unknown": ", ".join(unknown), "missing": ", ".join(missing)}
        wording = "notebook_parameters" + ("" if unknown and missing else "_few" if unknown else "_many")
        raise failure("notebook_parameters", NotebookError, wording=wording, notebook=notebook.file, **lists)


def _parameters_of(path: Path) -> set[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tagged = ["".join(cell["source"]) for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", [])]
    try:
        parsed = ast.parse("\n".join(tagged))
    except SyntaxError:
        raise refused(path.name, "broken_notebook") from None
    assigned = [node for node in ast.walk(parsed) if isinstance(node, ast.Assign)]
    return {target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)}


def _files_of(folder: Path, exhibit: Exhibit) -> list[Path]:
    place = folder / exhibit.output if folder.name != "private" else folder / Path(exhibit.output).name
    return list(place.parent.glob(f"{place.name}.*"))


def _remove_what_is_left_out(notebook: Notebook, workspace: Path, out: Path) -> None:
    """Remove what an earlier run that was not public has left, and this one does not show."""
    for exhibit in notebook.exhibits:
        made = {path.name for path in _files_of(workspace, exhibit)}
        for old in _files_of(out, exhibit):
            if old.name not in made:
                old.unlink()


def _write_record(records: Path, dataset: Dataset, parameters: Mapping[str, Any], seconds: Mapping[str, float]) -> None:
    told = _may_digest(dataset, public=bool(parameters["min_cell"]))
    record = {
        "data": ({"sha256": dataset.sha256} if told else {}) | {"reconstruction": dataset.reconstruction},
        "identifiers_dropped": len(dataset.dropped),
        "parameters": dict(parameters),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _VERSIONS},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
    }
    put(records / "run.json", json.dumps(record, indent=2) + "\n")
