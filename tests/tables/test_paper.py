from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from vpresearch.data import Dataset, load
from vpresearch.inference import compare_by_leak
from vpresearch.inference.describe import summarise
from vpresearch.published import Paper
from vpresearch.render import labels
from vpresearch.results import Results
from vpresearch.tables import Table, table1, table2, table3, table4

BY_LEAK = [(table3, ["vertebral_volume_cc", "cement_volume_cc"]), (table4, ["vas_pre", "vas_post", "vas_1m"])]
by_leak = pytest.mark.parametrize(("table", "variables"), BY_LEAK, ids=["table3", "table4"])

# -- what the paper prints ---------------------------------------------------------------------------------------


def printed(paper: Paper, claim: str) -> str:
    return paper[claim].printed.printed


def test_table_1_prints_what_the_paper_prints(paper: Paper, shipped: Dataset) -> None:
    shown = table1(Results(shipped), "es").shown
    assert list(shown) == ["Tipo", "Nivel", "Cantidad de vértebras", "Porcentaje"]
    assert list(shown["Nivel"]) == ["T8", "T9", "T11", "T12", "L1", "L2", "L3", "L4", "L5"]
    for _, level, n, percent in shown.itertuples(index=False):
        assert n == printed(paper, f"table1.{level}.n")
        assert percent == printed(paper, f"table1.{level}.percent")
    thoracic, lumbar = printed(paper, "cohort.thoracic.percent"), printed(paper, "cohort.lumbar.percent")
    assert list(shown["Tipo"]) == [f"Torácicas ({thoracic})", "", "", "", f"Lumbares ({lumbar})", "", "", "", ""]


def test_table_2_prints_what_the_paper_prints(paper: Paper, shipped: Dataset) -> None:
    table = table2(Results(shipped), "es")
    assert list(table.shown) == ["Variable", "n", "Media", "DE", "Mínimo", "Máximo"]
    for variable, (_, n, *cells) in zip(("vertebral_volume", "cement_volume"), table.shown.to_numpy(), strict=True):
        assert n == "41"
        claims = [printed(paper, f"table2.{variable}.{statistic}") for statistic in ("mean", "sd", "min", "max")]
        # The paper drops the decimal of the smallest and the largest cement.
        assert cells == [claim if "," in claim else f"{claim},0" for claim in claims]
    assert table.caption == "Tabla 2. Volumen vertebral y cemento inyectado (n = 41)"


@by_leak
def test_tables_3_and_4_print_what_the_paper_prints(
    table: Callable[[Results, str], Table], variables: list[str], paper: Paper, shipped: Dataset
) -> None:
    made = table(Results(shipped), "es")
    for variable, (_, n, *cells, p) in zip(variables, made.shown.to_numpy(), strict=True):
        assert n == "26 + 15"
        claim = f"{made.name}.{variable.removesuffix('_cc')}"
        groups = [f"{group}.{statistic}" for group in ("no_leak", "leak") for statistic in ("mean", "sd")]
        assert cells == [printed(paper, f"{claim}.{group}") for group in groups]
        # The one p-value that no data can give; the nearest is taken.
        assert p == ("0,465" if variable == "vertebral_volume_cc" else printed(paper, f"{claim}.p"))


# -- layout ------------------------------------------------------------------------------------------------------


@by_leak
@pytest.mark.parametrize(
    ("language", "leak", "yes", "names"),
    [
        ("es", "Fuga", "Sí", ["Variables", "n", "Media", "DE", "Media", "DE", "p-valor"]),
        ("en", "Leak", "Yes", ["Variables", "n", "Mean", "SD", "Mean", "SD", "p value"]),
    ],
)
def test_tables_3_and_4_are_laid_out_as_in_the_paper(
    table: Callable[[Results, str], Table],
    variables: list[str],
    language: str,
    leak: str,
    yes: str,
    names: list[str],
    shipped: Dataset,
) -> None:
    columns = table(Results(shipped), language).shown.columns
    assert [columns.get_level_values(level).tolist() for level in range(3)] == [
        ["", "", leak, leak, leak, leak, ""],
        ["", "", "No (n = 26)", "No (n = 26)", f"{yes} (n = 15)", f"{yes} (n = 15)", ""],
        names,
    ]
    page = table(Results(shipped), language).to_html()
    assert f'colspan="4">{leak}</th>' in page
    assert 'colspan="2">No (n = 26)</th>' in page
    tex = table(Results(shipped), language).to_latex()
    assert rf"\multicolumn{{4}}{{c}}{{{leak}}}" in tex
    assert r"\multicolumn{2}{c}{No (n = 26)}" in tex


def test_the_unit_of_table_4_is_told(shipped: Dataset) -> None:
    note = "La puntuación de un paciente cuenta una vez por cada una de sus vértebras."
    assert note in table4(Results(shipped), "es").notes
    assert note not in table3(Results(shipped), "es").notes


# -- full precision ----------------------------------------------------------------------------------------------


def test_table_1_counts_every_vertebra(studies: dict[str, Dataset]) -> None:
    for study in studies.values():
        data = table1(Results(study), "en").data
        counts = study.vertebrae["level"].value_counts()
        assert dict(zip(data["level"], data["n"], strict=True)) == counts.to_dict()
        assert list(data["percent"]) == [100 * n / len(study.vertebrae) for n in data["n"]]
        assert set(data["of"]) == {len(study.vertebrae)}
        assert list(data["region"]) == [{"T": "thoracic", "L": "lumbar"}[level[0]] for level in data["level"]]


def test_table_2_is_what_the_library_says(studies: dict[str, Dataset]) -> None:
    for study in studies.values():
        rows = table2(Results(study), "en").data.to_dict("records")
        names = ("vertebral_volume_cc", "cement_volume_cc")
        for name, row in zip(names, rows, strict=True):
            expected = {"variable": name, **asdict(summarise(study.vertebrae[name]))}
            # What is one patient's own value is no finer than the paper prints it.
            order = ("minimum", "q1", "median", "q3", "maximum")
            assert row == expected | {key: float(np.round(expected[key], 1)) for key in order}


@by_leak
@pytest.mark.parametrize("alpha", [0.05, 0.9])
def test_tables_3_and_4_are_what_the_library_says(
    table: Callable[[Results, str], Table], variables: list[str], alpha: float, studies: dict[str, Dataset]
) -> None:
    for study in studies.values():
        rows = table(Results(study, alpha), "en").data.to_dict("records")
        for variable, row in zip(variables, rows, strict=True):
            compared = compare_by_leak(study, variable, alpha)
            result = compared.result
            assert row.pop("variable") == variable
            assert row.pop("test") == compared.chosen
            assert row == {
                **{
                    f"{statistic}_{group}": getattr(summary, statistic)
                    for group, summary in zip(("no_leak", "leak"), compared.summaries, strict=True)
                    for statistic in ("n", "mean", "sd")
                },
                "statistic": result.statistic,
                "df": result.df,
                "p_value": result.p_value,
            }


def test_the_level_of_the_pretest_decides_the_test(studies: dict[str, Dataset]) -> None:
    taken = {
        tuple(table(Results(studies["normal"], alpha), "en").data["test"])
        for table in (table3, table4)
        for alpha in (0.01, 0.9)
    }
    assert {test for tests in taken for test in tests} == {"student", "kruskal"}


# -- missing values ----------------------------------------------------------------------------------------------


def test_missing_follow_up_is_counted_in_a_note_and_by_variable(
    rows: list[dict[str, str]], write: Callable[..., Path]
) -> None:
    for row in rows:
        row["vas_1m"] = "" if row["patient_id"] == "Iturbe-58" else row["vas_1m"]
    study = load(write(rows))
    assert table4(Results(study), "es").notes[-1] == "Sin registrar en todas las vértebras: EAV un mes (n = 1 + 2)."
    assert table4(Results(study), "en").notes[-1] == "Not recorded in every vertebra: VAS one month (n = 1 + 2)."
    assert table4(Results(study), "es").shown.iloc[:, 1].tolist() == ["3 + 2", "3 + 2", "1 + 2"]
    # How many are missing is itself a small count, and how few there are.
    assert table4(Results(study), "es").for_public(2).shown.iloc[:, 1].tolist() == ["3 + 2", "3 + 2", "•"]
    # The head counts vertebrae, recorded or not.
    assert "No (n = 3)" in table4(Results(study), "es").shown.columns.get_level_values(1)


def test_complete_data_need_no_such_note(shipped: Dataset) -> None:
    assert not any(
        "Sin registrar" in note for table in (table3, table4) for note in table(Results(shipped), "es").notes
    )


@pytest.mark.parametrize(
    ("language", "tests", "beyond"),
    [
        ("en", "Tests: Mean vertebral volume (cc): Kruskal-Wallis; ", "the paper prints p = 0.466, which no test"),
        ("es", "Pruebas: Volumen vertebral medio (cc): Kruskal-Wallis; ", "el artículo imprime p = 0,466, que ninguna"),
    ],
)
def test_table_3_of_a_reconstruction_names_its_tests_and_the_p_that_no_data_give(
    shipped: Dataset, language: str, tests: str, beyond: str
) -> None:
    _, named, unattainable, independent = table3(Results(shipped), language).notes
    assert independent == labels.text("footnote.independent", language)
    assert named.startswith(tests)
    assert beyond in unattainable
    assert len(table3(Results(replace(shipped, reconstruction=False)), language).notes) == 2
