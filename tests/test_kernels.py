from __future__ import annotations

import json
from pathlib import Path

import papermill
import pytest

from vpresearch.kernels import QuietKernelManager

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
