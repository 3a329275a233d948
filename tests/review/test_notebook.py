from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from vpresearch.core.paths import NOTEBOOKS
from vpresearch.review import write_notebook_page
from vpresearch.review.notebook import anchor, formulas_to_mathml

Output = dict[str, Any]


def executed(folder: Path, *outputs: Output, words: str = "# Title · Título\n\nSums $S \\le n$.") -> Path:
    cells = [
        {"cell_type": "markdown", "id": "00-00", "metadata": {}, "source": words},
        {
            "cell_type": "code",
            "id": "00-01",
            "metadata": {},
            "source": "table < 3",
            "execution_count": 1,
            "outputs": list(outputs),
        },
    ]
    path = folder / "00_book.ipynb"
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    path.write_text(json.dumps(book), encoding="utf-8")
    return path


def result(kind: str, content: str, **metadata: dict[str, str]) -> Output:
    return {"output_type": "execute_result", "data": {kind: content}, "metadata": metadata, "execution_count": 1}


def test_a_page_asks_nothing_of_any_server(tmp_path: Path) -> None:
    picture = base64.b64encode(b"png").decode()
    book = executed(
        tmp_path,
        result("text/html", "<table><tr><td>27</td></tr></table>"),
        result("image/png", picture, **{"image/png": {"alt": "Figure 1 <n = 41>"}}),
    )
    page = write_notebook_page(book, "en", reconstruction=True).read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=.(?!data:|#)", page)
    assert "<script" not in page
    assert "//" not in re.sub(r'"http://www.w3.org/1998/Math/MathML"', "", page)
    assert f'src="data:image/png;base64,{picture}' in page
    assert 'alt="Figure 1 &lt;n = 41&gt;"' in page
    assert "<td>27</td>" in page


def test_a_page_says_whose_data_they_are(tmp_path: Path) -> None:
    book = executed(tmp_path)
    for reconstruction in (True, False):
        page = write_notebook_page(book, "es", reconstruction=reconstruction).read_text(encoding="utf-8")
        assert ("ninguna fila es un paciente" in page) is reconstruction
    assert '<html lang="es">' in page
    assert "<title>Title · Título</title>" in page


def test_a_cell_can_be_linked_to_and_the_same_book_gives_the_same_page(tmp_path: Path) -> None:
    book = executed(tmp_path)
    first = write_notebook_page(book, "en", reconstruction=False).read_bytes()
    assert f'id="{anchor("00-01")}"'.encode() in first
    assert write_notebook_page(book, "en", reconstruction=False).read_bytes() == first
    assert {path.name for path in tmp_path.iterdir()} == {"00_book.ipynb", "00_book.html"}


def test_formulas_are_shown_without_a_script(tmp_path: Path) -> None:
    page = write_notebook_page(executed(tmp_path), "en", reconstruction=False).read_text(encoding="utf-8")
    assert "<math" in page
    assert "<mo>≤</mo>" in page
    assert "$" not in page.split("<body>")[1]


@pytest.mark.parametrize("words", ["5 $ and 6 $", "it costs $5 and $6", r"\$n\$", "none"])
def test_a_sum_of_money_is_no_formula(words: str) -> None:
    assert formulas_to_mathml(words) == words


def test_every_formula_of_the_notebooks_is_known_for_one() -> None:
    seen = 0
    for path in NOTEBOOKS.glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            words = "".join(cell["source"])
            if cell["cell_type"] == "markdown" and "$" in words:
                seen += 1
                assert "$" not in formulas_to_mathml(words), path.name
    assert seen
