from __future__ import annotations

import ast
import asyncio
import json
import subprocess
import sys
from enum import Enum
from multiprocessing import Pipe
from pathlib import Path

import papermill
import pytest

from vpresearch.core.compendium import read_compendium
from vpresearch.core.paths import NOTEBOOKS
from vpresearch.run.kernels import QuietKernelManager, provisioner_of

IMPORTS = (ast.Import, ast.ImportFrom)
CELL: dict[str, object] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}


def test_a_kernel_says_nothing_beside_its_notebook(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    # Past the stream that ipykernel takes into the notebook, as a traceback at its end goes.
    cells = [CELL | {"source": "import sys\nprint('in the notebook')\nprint('ZZPATIENT', file=sys.__stderr__)"}]
    book = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": kernel}, "cells": cells}
    source, made = tmp_path / "book.ipynb", tmp_path / "made.ipynb"
    source.write_text(json.dumps(book), encoding="utf-8")
    papermill.execute_notebook(source, made, progress_bar=False, kernel_manager_class=QuietKernelManager)
    assert "ZZPATIENT" not in capfd.readouterr().err
    assert "in the notebook" in made.read_text(encoding="utf-8")


def test_a_copy_need_not_import_its_server_to_be_told_what_it_is_to_be() -> None:
    class Named(str, Enum):  # noqa: UP042
        OF_THE_SERVER = "NAME"

    here, copy = Pipe()
    copy.send((1, {}))
    provisioner = provisioner_of(QuietKernelManager(), here)
    asyncio.run(provisioner.launch_kernel([], env={Named.OF_THE_SERVER: "value"}, cwd="here"))
    _, environment, *_ = copy.recv()
    assert environment == {"NAME": "value"}
    assert {type(name) for name in environment} == {str}


@pytest.mark.long
def test_a_warm_process_has_all_that_notebooks_import() -> None:
    paths = [NOTEBOOKS / notebook.file for notebook in read_compendium().notebooks]
    books = [json.loads(path.read_text(encoding="utf-8"))["cells"] for path in paths]
    cells = ["".join(cell["source"]) for cells in books for cell in cells if cell["cell_type"] == "code"]
    imports = [ast.unparse(node) for cell in cells for node in ast.parse(cell).body if isinstance(node, IMPORTS)]
    code = [
        "import sys; from importlib import import_module; from vpresearch.run import kernels",
        "[import_module(name) for name in kernels._IMPORTED]; before = set(sys.modules)",
        *sorted(set(imports) - {"from __future__ import annotations"}),
        "print(sorted(set(sys.modules) - before))",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(code)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
