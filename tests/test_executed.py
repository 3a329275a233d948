from __future__ import annotations

import json
from pathlib import Path

from vpresearch.run.execution import without_paths

SHOWN = {"data": "sha256:abc", "seed": 1, "out": ".."}


def test_no_path_is_left(tmp_path: Path) -> None:
    secret, inner = "/srv/Ana Ruiz", "/srv/Ana Ruiz/.staging"
    injected = {"tags": ["injected-parameters"]}
    book = {
        "cells": [
            {"cell_type": "code", "source": [f"data = '{secret}/x.csv'\n"], "metadata": injected, "outputs": []},
            {"cell_type": "code", "source": "show()", "metadata": {}, "outputs": [{"text": [f"warned in {inner}/y"]}]},
        ],
        "metadata": {"papermill": {"parameters": {"data": f"{secret}/x.csv"}, "input_path": secret, "duration": 1.5}},
    }
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps(book), encoding="utf-8")
    without_paths(path, SHOWN, {secret: "PLACE", inner: ".."})
    text = path.read_text(encoding="utf-8")
    assert "Ana" not in text
    clean = json.loads(text)
    assert clean["cells"][0]["source"] == "# Parameters\ndata = 'sha256:abc'\nseed = 1\nout = '..'"
    assert clean["cells"][0]["id"] == "injected-parameters"
    # The longer path is replaced first, though it begins with the other.
    assert clean["cells"][1]["outputs"] == [{"text": ["warned in ../y"]}]
    assert clean["metadata"]["papermill"] == {
        "parameters": SHOWN,
        "input_path": "book.ipynb",
        "output_path": "book.ipynb",
        "duration": 1.5,
    }


def test_a_notebook_without_parameters_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "book.ipynb"
    path.write_text('{"nbformat": 4, "cells": [], "metadata": {}}', encoding="utf-8")
    without_paths(path, SHOWN, {"/x": ""})
    assert json.loads(path.read_text(encoding="utf-8")) == {"nbformat": 4, "cells": [], "metadata": {}}
