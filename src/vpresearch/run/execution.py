"""Executed notebooks without the paths of the machine that ran them."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vpresearch.core.errors import is_ours, of_the_system
from vpresearch.parallel.forks import Copies, CopyDiedError, Job


def without_paths(path: Path, shown: Mapping[str, object], names: Mapping[str, str]) -> None:
    """Rewrite an executed notebook so that it names no file and no folder of its machine."""
    book: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for cell in book.get("cells", []):
        if "injected-parameters" in cell.get("metadata", {}).get("tags", []):
            cell["source"] = "\n".join(["# Parameters", *(f"{name} = {value!r}" for name, value in shown.items())])
            # papermill draws its id by lot: the same run would give another file.
            cell["id"] = "injected-parameters"
    papermill = book.get("metadata", {}).get("papermill", {})
    if papermill:
        papermill |= {"parameters": dict(shown), "input_path": path.name, "output_path": path.name}
    # The longest first: one path may lie in another.
    ordered = sorted(names.items(), key=lambda pair: -len(pair[0]))
    path.write_text(json.dumps(_renamed(book, ordered), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _renamed(node: Any, names: list[tuple[str, str]]) -> Any:
    if isinstance(node, str):
        for found, name in names:
            node = node.replace(found, name)
        return node
    if isinstance(node, list):
        return [_renamed(each, names) for each in node]
    if isinstance(node, dict):
        return {key: _renamed(value, names) for key, value in node.items()}
    return node


# A cell that takes longer than this hangs; the slowest one of 50,000 vertebrae takes minutes.
LIMIT = 1800
_AFTER = 5
_OUR_ERRORS = ("InputError", "NotFoundError", "VPResearchError")


@dataclass(frozen=True)
class Task:
    """A notebook to execute."""

    source: Path
    executed: Path
    parameters: Mapping[str, Any]
    limit: float = LIMIT


@dataclass(frozen=True)
class Failure:
    """Why a notebook did not finish."""

    cell: int
    code: str
    error: str = ""
    said: str = ""
    of_input: bool = False


@dataclass(frozen=True)
class Outcome:
    """An executed notebook."""

    task: Task
    seconds: float
    failure: Failure | None


def execute_in_turn(tasks: Sequence[Task]) -> Iterator[Outcome]:
    """Execute notebooks one after the other, each in a kernel started for it."""
    from vpresearch.run.kernels import QuietKernelManager

    for task in tasks:
        start = time.perf_counter()
        failure = execute(task, QuietKernelManager)
        yield Outcome(task, time.perf_counter() - start, failure)


def execute_together(tasks: Sequence[Task], copies: Copies) -> Iterator[Outcome]:
    """Begin to execute notebooks at the same time, each in a kernel forked from this process."""
    _load_papermill()
    return _outcomes({copies.submit(_execute_forked, task): task for task in tasks}, copies)


def _outcomes(jobs: Mapping[Job, Task], copies: Copies) -> Iterator[Outcome]:
    for job in copies.finished(list(jobs)):
        task = jobs[job]
        try:
            seconds, failure = job.result()
        except CopyDiedError:
            seconds, failure = 0.0, Failure(last_begun(task.executed), "notebook_died")
        yield Outcome(task, seconds, failure)


def _load_papermill() -> None:
    """Import and compile what executes notebooks, for copies of this process."""
    # For a check of addresses that notebooks have none of, a grammar would be compiled, which takes a second.
    grammar = {"rfc3987_syntax": None} if "rfc3987_syntax" not in sys.modules else {}
    sys.modules.update(grammar)  # type: ignore[arg-type]
    import nbformat
    import papermill  # noqa: F401

    for name in grammar:
        del sys.modules[name]
    # The check of a notebook's form is compiled once, at the first notebook.
    nbformat.validate({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})


def _execute_forked(task: Task) -> tuple[float, Failure | None]:
    from vpresearch.run.kernels import ForkedKernel, manager_of

    # The report has the longer way to go: it goes first.
    os.nice(_AFTER)
    start = time.perf_counter()
    failure = execute(task, manager_of(ForkedKernel()))
    return time.perf_counter() - start, failure


def execute(task: Task, manager: type) -> Failure | None:
    """Execute a notebook under papermill."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    task.executed.parent.mkdir(parents=True, exist_ok=True)
    try:
        papermill.execute_notebook(
            _as_written(task.source),
            _as_written(task.executed),
            dict(task.parameters),
            kernel_name="python3",
            progress_bar=False,
            execution_timeout=task.limit,
            kernel_manager_class=manager,
            # Papermill's own ``cwd`` changes that of this whole process.
            resources={"metadata": {"path": str(task.source.parent)}},
            # The kernel listens on loopback only; its warning of plain TCP would frighten and not help.
            # IPython would keep every cell, and so the path of the data, in a history of its own.
            extra_arguments=["--IPKernelApp.log_level=ERROR", "--HistoryManager.enabled=False"],
        )
    except PapermillExecutionError as error:
        _raise_of_the_system(error.ename, error.evalue)
        # Only an error of our own is sure to quote no patient's row; another one's words stay in the private copy.
        said = str(error.evalue) if error.ename in _OUR_ERRORS else ""
        named, refused = f"{error.ename}{_place(error.traceback)}", error.ename == "InputError"
        return Failure(error.cell_index + 1, "notebook_failed", named, said, refused)
    except TimeoutError:
        return Failure(last_begun(task.executed), "notebook_slow")
    except RuntimeError:
        return Failure(last_begun(task.executed), "notebook_died")
    return None


def _as_written(path: Path) -> str:
    """Double the braces of a path, between which papermill would look for the name of a parameter."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _place(traceback: Sequence[str]) -> str:
    """Name the innermost file and line of ours in a traceback as a kernel writes it; nothing where the cell is it."""
    frames = re.findall(r"File (.+?):(\d+)", re.sub(r"\x1b\[[\d;]*m", "", "\n".join(traceback)))
    ours = [(Path(file).name, line) for file, line in frames if is_ours(os.path.expanduser(file))]
    return " ({}:{})".format(*ours[-1]) if ours else ""


def _raise_of_the_system(name: str, words: str) -> None:
    """Raise what the system refused a kernel here: no notebook, and no line of ours, is at fault."""
    if name == "MemoryError":
        raise MemoryError
    if told := re.match(r"\[Errno (\d+)\] [^:]*(?:: '([^']*)')?", words):
        error = OSError(int(told[1]), os.strerror(int(told[1])), told[2])
        if of_the_system(error) is not None:
            raise error


def last_begun(executed: Path) -> int:
    """Find the cell at which an execution stopped."""
    try:
        cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return 1
    begun = [n for n, cell in enumerate(cells, 1) if cell["metadata"].get("papermill", {}).get("start_time")]
    return max(begun, default=1)


def move_failed(executed: Path, folder: Path) -> Path | None:
    """Put the copy of a failed notebook where its author can look at it."""
    if not executed.exists():
        return None
    folder.mkdir(parents=True, exist_ok=True)
    os.replace(executed, folder / executed.name)
    return folder / executed.name
