from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.render.table import harmless, harmless_frame
from vpresearch.tables import Table

FORMULAS = ("=cmd|' /C calc'!A0", "+1+cmd|x", "-2+3+cmd|x", "@SUM(A1)", "\t=1+A1", "\r=A1", "\n=A1", " =A1", "=1")
HOSTILE = (
    *FORMULAS,
    "<script>alert(1)</script>",
    "R&D",
    '"quoted"',
    r"\input{x}",
    "50% _of_ $x^2$ #1 {a} ~",
    "[b] *",
    "a\n\nb",
)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text: str) -> None:
    assert harmless(text) == "'" + text.replace("\r", "\n")


@pytest.mark.parametrize(
    "text", ["", "T12", "-0.3", "-0,30 (-0,92 – 0,33)", "−∞", "±1.5", "+5%", "a=b", "x@y", "–", "'="]
)
def test_numbers_and_words_stay(text: str) -> None:
    assert harmless(text) == text


@given(st.text(max_size=20))
def test_nothing_begins_as_a_formula(text: str) -> None:
    safe = harmless(text)
    assert "".join(safe.removeprefix("'").split()) == "".join(text.split()) or safe == text
    assert "\r" not in safe
    assert safe[:1] not in {"=", "@"}
    if safe[:1] in {"+", "-"}:
        assert not any(character.isalpha() for character in safe)


def test_numbers_of_a_frame_stay_numbers() -> None:
    data = pd.DataFrame({"=n": [1, 2], "x": [-0.5, None], "mixed": [136, "=A1"], "text": ["-a", None]})
    assert harmless_frame(data).to_csv(index=False) == "'=n,x,mixed,text\n1,-0.5,136,'-a\n2,,'=A1,\n"
    assert list(data) == ["=n", "x", "mixed", "text"]


@pytest.fixture
def table() -> Table:
    data = pd.DataFrame({"name": HOSTILE, **{header: ["x"] * len(HOSTILE) for header in HOSTILE[:10]}})
    return Table("hostile", data, data, HOSTILE[9], "en", False, HOSTILE)


def test_a_csv_runs_nothing(table: Table) -> None:
    header, *lines = csv.reader(io.StringIO(table.to_csv()))
    cells = [*header, *(cell for line in lines for cell in line)]
    assert not [cell for cell in cells if cell.lstrip()[:1] in {"=", "+", "-", "@"} and any(map(str.isalpha, cell))]


def test_a_page_runs_nothing(table: Table) -> None:
    page = table.to_html()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert ">=" not in page


def test_latex_runs_nothing(table: Table) -> None:
    tex = table.to_latex()
    assert r"\input{x}" not in tex
    assert r"\textbackslash{}input\{x\}" in tex
    assert r"50\% \_of\_ \$x\textasciicircum{}2\$ \#1 \{a\} \textasciitilde{}" in tex
    assert "{[}b{]} *" in tex
    rows = tex.split(r"\midrule")[1].split(r"\bottomrule")[0]
    assert "\n\n" not in rows.strip()
