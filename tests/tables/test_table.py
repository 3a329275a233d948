from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from vpresearch.data import Dataset, load
from vpresearch.published.comparators import read_comparators
from vpresearch.render import labels
from vpresearch.render.table import HIDDEN
from vpresearch.tables import Table, write

Draw = Callable[[str, Dataset, str], Table]
# Cells that are the same in both languages, beside codes and numbers.
SAME = {
    "n",
    "No",
    "no",
    "Total",
    "Variable",
    "Variables",
    "Fisher",
    "Kruskal-Wallis",
    "Mann-Whitney",
    "Posterior",
    "Lateral",
    "Anterior",
    "Vascular",
}
CODE = re.compile(
    r"[TL]\d+|\d\d_\w+\.ipynb|(tables|figures)/\w+|[a-z]\w*(\.\w+)+|(P\(|[gVn]\b|No \(n = |CI|IC)?[^A-Za-z]*|\d+ cc"
)
NASTY = "<b>&amp; \"x\" 'y' 5% a_b #1 $2</b>"


def nasty() -> Table:
    """A table in which every place holds what HTML and LaTeX give a meaning to."""
    shown = pd.DataFrame(
        [[NASTY, "1"], ["2", NASTY]], columns=pd.MultiIndex.from_tuples([(NASTY, "a"), (NASTY, NASTY)])
    )
    return Table("nasty", pd.DataFrame({NASTY: [NASTY, "x"]}), shown, NASTY, "en", True, (NASTY,), (1,))


def heads(table: Table) -> list[list[str]]:
    """Headers by level."""
    columns = table.shown.columns
    return [columns.get_level_values(level).astype(str).tolist() for level in range(columns.nlevels)]


def words(table: Table) -> list[str]:
    """Everything that a reader sees."""
    cells = [cell for row in [*heads(table), *table.shown.to_numpy().tolist()] for cell in row]
    return [table.caption, *table.notes, *cells]


@pytest.fixture(params=["shipped", "plain"])
def dataset(request: pytest.FixtureRequest, shipped: Dataset, studies: dict[str, Dataset]) -> Dataset:
    """A reconstruction, or real data with leaks of every site and with scores that are missing."""
    return shipped if request.param == "shipped" else studies["plain"]


# -- HTML --------------------------------------------------------------------------------------------------------


def test_the_page_holds_the_caption_every_cell_and_every_note(
    draw: Draw, name: str, dataset: Dataset, language: str, read_page: Callable[[str], Any]
) -> None:
    table = draw(name, dataset, language)
    content = table.to_html()
    assert content.startswith(f'<!DOCTYPE html>\n<html lang="{language}">')
    page = read_page(content)
    body = page.rows[-len(table.shown) :]
    assert body == table.shown.to_numpy().tolist()
    assert page.rows[-len(table.shown) - 1] == heads(table)[-1]
    assert page.parts["caption"] == [table.caption]
    assert page.parts["title"] == [table.caption]
    assert page.parts.get("note", []) == list(table.notes)


def test_a_reconstruction_says_so_everywhere_and_real_data_nowhere(
    draw: Draw, name: str, dataset: Dataset, language: str
) -> None:
    table = draw(name, dataset, language)
    # No data enter the audit or the simulation; the ensemble is made of reconstructions, whatever the data.
    marked = (dataset.reconstruction and name not in {"audit", "simulation"}) or name == "implied"
    assert table.reconstruction == marked
    banner = labels.text("banner.reconstruction", language)
    for content in (table.to_html(), table.to_latex(), table._repr_html_()):
        assert content.count(banner) == marked
    first = [line.split(",")[0] for line in table.to_csv().splitlines()]
    if marked:
        assert first == ["data", *["reconstruction"] * len(table.data)]
    else:
        assert first[0] == table.data.columns[0] != "data"
        assert "reconstruct" not in table.to_html() + table.to_latex() + table.to_csv() or name == "scorecard"


def test_what_html_gives_a_meaning_to_is_escaped(read_page: Callable[[str], Any]) -> None:
    page = read_page(nasty().to_html())
    assert page.parts["title"] == page.parts["caption"] == page.parts["note"] == [NASTY]
    assert page.rows == [[NASTY], ["a", NASTY], [NASTY, "1"], ["2", NASTY]]
    assert "<b>" not in nasty().to_html()


def test_the_rows_that_stand_out_are_bold() -> None:
    table = nasty()
    assert re.findall(r"#T_nasty_row(\d)_col(\d)", table.to_html()) == [("1", "0"), ("1", "1")]
    assert table.to_html().count("font-weight: bold") == 3  # Two rules of the page, and one of the row.
    bold = [line for line in table.to_latex().splitlines() if "bfseries" in line]
    assert len(bold) == 1
    assert bold[0].startswith(r"\bfseries 2 & \bfseries")


def test_columns_of_numbers_are_set_to_the_right() -> None:
    columns = {
        "level": ["T12", "L1"],
        "n": ["3", "1.000"],
        "p": ["< 0,001", "–"],
        "interval": ["−0,1 (−0,2 a 0,3)", ""],
        "test": ["H = 3", "4"],
        "place": ["tables/table3", "results.fill_ratio.mean"],
        "reason": ["", "–"],
    }
    table = Table("numbers", pd.DataFrame(), pd.DataFrame(columns), "", "es", False)
    page = table.to_html()
    assert "#T_numbers :is(td, th.level0):is(.col1, .col2, .col3) { text-align: right; }" in page
    assert r"\begin{tabular}{lrrrlll}" in table.to_latex()
    # A long name breaks at its marks, a number nowhere.
    assert "results.<wbr>fill_<wbr>ratio.<wbr>mean" in page
    assert page.count("<wbr>") == 4


# -- LaTeX -------------------------------------------------------------------------------------------------------


def unescaped(tex: str) -> str:
    """Undo the escapes, taking every one from the left, as TeX does."""
    signs = {"textless": "<", "textgreater": ">"}
    tex = re.sub(r"\\(?:([%&_#$])|(textless|textgreater)\{\})", lambda m: m[1] or signs[m[2]], tex)
    return re.sub(r"\{([][])\}", r"\1", tex)


def test_what_latex_gives_a_meaning_to_is_escaped() -> None:
    lines = nasty().to_latex().splitlines()
    caption = next(line for line in lines if line.startswith(r"\caption{"))
    assert unescaped(caption).startswith(rf"\caption{{{NASTY}.")
    assert unescaped(lines[-2]) == rf"\par\footnotesize {NASTY}"
    cells = next(line for line in lines if line.endswith(r"& 1 \\"))
    assert unescaped(cells) == rf"{NASTY} & 1 \\"


def test_latex_holds_every_cell_and_no_bare_sign(draw: Draw, name: str, dataset: Dataset, language: str) -> None:
    table = draw(name, dataset, language)
    tex = table.to_latex()
    lines = tex.splitlines()
    assert lines[0] == r"\begin{table}"
    assert lines[-1] == r"\end{table}"
    assert rf"\label{{tab:{name}}}" in lines
    assert rf"\caption{{{table.caption}." in unescaped(tex)
    rows = lines[lines.index(r"\midrule") + 1 : lines.index(r"\bottomrule")]
    assert len(rows) == len(table.shown)
    for row, cells in zip(rows, table.shown.to_numpy().tolist(), strict=True):
        plain = [
            unescaped(cell.strip().removeprefix(r"\bfseries").strip()) for cell in row.removesuffix(r"\\").split(" & ")
        ]
        assert plain == cells
    for note in table.notes:
        assert rf"\par\footnotesize {note}" in unescaped(tex)
    for line in lines:
        # A line break and then a bare sign is what a backslash too many makes.
        assert not re.search(r"\\\\[%&_#$]", line)
        assert not re.search(r"(?<!\\)[%#$_]", line.replace(rf"\label{{tab:{name}}}", ""))


# -- CSV ---------------------------------------------------------------------------------------------------------


def test_the_csv_carries_every_digit(draw: Draw, name: str, dataset: Dataset) -> None:
    table = draw(name, dataset, "es")
    header, *lines = csv.reader(io.StringIO(table.to_csv()))
    marks = int(table.reconstruction)
    assert header[marks:] == list(table.data)
    for line, values in zip(lines, table.data.itertuples(index=False), strict=True):
        for cell, value in zip(line[marks:], values, strict=True):
            if pd.isna(value):
                assert cell == ""
            elif isinstance(value, float):
                assert float(cell) == value
            else:
                assert cell == str(value)


def test_the_data_do_not_depend_on_the_language(draw: Draw, name: str, dataset: Dataset) -> None:
    assert draw(name, dataset, "es").to_csv() == draw(name, dataset, "en").to_csv()


# -- both languages ----------------------------------------------------------------------------------------------


def test_no_english_is_left_in_spanish(draw: Draw, name: str, dataset: Dataset) -> None:
    spanish, english = (words(draw(name, dataset, language)) for language in ("es", "en"))
    assert len(spanish) == len(english)
    equal = {word for word, other in zip(spanish, english, strict=True) if word == other}
    equal -= SAME | {series.study for series in read_comparators()}
    assert {word for word in equal if not CODE.fullmatch(word)} == set()


def test_numbers_have_the_mark_of_the_language(draw: Draw, name: str, dataset: Dataset, language: str) -> None:
    shown = "|".join(words(draw(name, dataset, language)))
    if name in {"audit", "precision", "validation", "simulation", "models"}:
        # Counts have a mark between thousands.
        shown = re.sub(r"\b[1-9]\d{0,2}([.,]\d{3})+\b", "", shown)
    # What the paper prints has a comma in both languages.
    foreign = r"\d\.\d" if language == "es" else r"\d,\d"
    assert (language == "en" and name in {"scorecard", "audit"}) or not re.search(foreign, shown)


# -- files -------------------------------------------------------------------------------------------------------


def test_writing_makes_three_files(tmp_path: Path) -> None:
    table = nasty()
    folder = tmp_path / "new" / "tables"
    assert write(table, folder) is table
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "nasty.csv": table.to_csv().encode(),
        "nasty.html": table.to_html().encode(),
        "nasty.tex": table.to_latex().encode(),
    }
    assert b"\r" not in b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize("leaks", [0, 1, 5])
def test_few_leaks_or_nothing_else_can_be_laid_out(
    draw: Draw,
    name: str,
    language: str,
    leaks: int,
    rows: list[dict[str, str]],
    write: Callable[..., Path],
    read_page: Callable[[str], Any],
) -> None:
    for position, row in enumerate(rows):
        here = position < leaks
        row |= {
            "leak": "yes" if here else "no",
            "leak_site": "disc" if here else "",
            "leak_size": "massive" if here else "",
        }
    table = draw(name, load(write(rows)), language)
    assert len(read_page(table.to_html()).rows) > len(table.shown)
    assert "nan" not in table.to_html()


# -- the public ----------------------------------------------------------------------------------------------------


def test_the_text_of_a_table_holds_no_data(draw: Draw, name: str, dataset: Dataset) -> None:
    assert repr(draw(name, dataset, "es")) == f"<Table {name}>"


def test_a_public_table_has_the_rows_of_the_page_and_no_finer_data(
    draw: Draw, name: str, dataset: Dataset, language: str
) -> None:
    table = draw(name, dataset, language)
    public = table.for_public(5)
    assert (public.name, public.caption) == (table.name, table.caption)
    assert public.data.to_numpy().tolist() == public.shown.to_numpy().tolist()
    assert public.shown.columns.equals(table.shown.columns)
    for before, after in zip(table.shown.to_numpy().ravel(), public.shown.to_numpy().ravel(), strict=True):
        # The public's star begins where few vertebrae lie, a reader's beyond all of them.
        assert after in (before, f"{before}*") or HIDDEN in after or name == "scorecard"
    # What is hidden is said to be.
    if HIDDEN in public.shown.to_numpy() and name != "exhibits":
        assert any(note.startswith(HIDDEN) for note in public.notes)
