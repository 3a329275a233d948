from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from vpresearch.data import Dataset, load
from vpresearch.inference import TestResult, associate_over_patients, associate_with_leak, compare_by_leak
from vpresearch.inference.describe import summarise
from vpresearch.results import Results
from vpresearch.tables import associations, comparisons, leak_kinds, outcome


def same(found: object, expected: object) -> bool:
    return found == expected or (
        isinstance(found, float) and isinstance(expected, float) and math.isnan(found + expected)
    )


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def assert_row(row: dict[str, Any], test: TestResult) -> None:
    """Compare a row of a table with the result of a test, digit by digit."""
    effect = test.effect
    expected = {
        "test": test.test,
        "statistic": test.statistic,
        "df": test.df,
        "p_value": test.p_value,
        "effect_kind": effect.kind if effect else "",
        "effect": effect.estimate if effect else math.nan,
        "effect_low": effect.low if effect else math.nan,
        "effect_high": effect.high if effect else math.nan,
        "reason": test.reason,
    }
    assert {name: (row[name], value) for name, value in expected.items() if not same(row[name], value)} == {}


def test_leaks_are_counted_by_site_and_size(book: str, studies: dict[str, Dataset]) -> None:
    study = studies[book]
    table = leak_kinds(Results(study), "en")
    leaks = study.vertebrae[study.vertebrae["leak"] == "yes"]
    counts = leaks.groupby(["leak_site", "leak_size"]).size().to_dict()
    found = {(site, size): n for site, size, n in table.data.to_numpy().tolist()}
    assert len(found) == 15
    assert {kind: n for kind, n in found.items() if n} == counts
    assert list(table.shown["Leak site"]) == ["Posterior", "Lateral", "Anterior", "Vascular", "Disc"]
    for _, *cells, total in table.shown.itertuples(index=False):
        count, percent = total.removesuffix("%)").split(" (")
        assert int(count) == sum(int(cell) for cell in cells)
        assert abs(int(percent) - 100 * int(count) / len(leaks)) <= 0.5
    assert table.caption.endswith(f"(n = {len(leaks)})")


def test_the_outcome_is_summarised_over_patients(book: str, studies: dict[str, Dataset]) -> None:
    patients = studies[book].patients
    table = outcome(Results(studies[book]), "en")
    scores = [name for name in patients if str(name).startswith(("vas", "odi"))]
    assert set(table.data["variable"]) == set(scores)
    for row, shown in zip(records(table.data), records(table.shown), strict=True):
        assert f"{row['scale']}_{row['time']}" == row["variable"]
        values = patients[str(row["variable"])]
        for name, value in asdict(summarise(values)).items():
            assert row[name] == value
        assert (shown["n"], shown["Missing"]) == (str(values.count()), str(values.isna().sum()))
        assert row["n"] + row["missing"] == len(patients)
        expected = stats.t.interval(0.95, row["n"] - 1, row["mean"], row["sd"] / math.sqrt(row["n"]))
        assert (row["mean_low"], row["mean_high"]) == pytest.approx(expected, rel=1e-12)
        assert shown["Mean"] == f"{row['mean']:.1f} ({row['mean_low']:.1f} to {row['mean_high']:.1f})"


def test_a_score_of_one_patient_has_no_interval(rows: list[dict[str, str]], write: Callable[..., Path]) -> None:
    for row in rows:
        row["odi_1y"] = "20" if row["patient_id"] == "Quesada-31" else ""
    table = records(outcome(Results(load(write(rows))), "es").data)
    (found,) = (line for line in table if line["variable"] == "odi_1y")
    assert (found["n"], found["missing"], found["mean"]) == (1, 2, 20.0)
    assert math.isnan(found["mean_low"])
    assert math.isnan(found["mean_high"])


@pytest.mark.parametrize("alpha", [0.05, 0.5])
def test_every_comparison_stands_beside_its_alternatives(book: str, studies: dict[str, Dataset], alpha: float) -> None:
    study = studies[book]
    table = comparisons(Results(study, alpha), "en")
    rows = iter(enumerate(records(table.data)))
    for variable in dict.fromkeys(table.data["variable"]):
        compared = compare_by_leak(study, str(variable), alpha)
        for test in compared.tests.values():
            position, row = next(rows)
            assert_row(row, test)
            assert row["variable"] == variable
            assert (row["shapiro_p_no_leak"], row["shapiro_p_leak"]) == tuple(g.p_value for g in compared.normality)
            assert (row["shapiro_w_no_leak"], row["shapiro_w_leak"]) == tuple(g.w for g in compared.normality)
            assert row["why"] == compared.why
            assert row["chosen"] == (test.test == compared.chosen) == (position in table.bold)
    assert next(rows, None) is None
    assert len(table.bold) == table.data["variable"].nunique()
    named = table.shown["Variable"]
    assert [cell != "" for cell in named] == [position % 4 == 0 for position in range(len(named))]


def test_the_scores_that_are_not_there_are_left_out(studies: dict[str, Dataset], shipped: Dataset) -> None:
    for study in (shipped, studies["spanish"]):
        assert "odi_1m" not in study.patients
        assert "odi_1m" not in set(outcome(Results(study), "es").data["variable"])


def test_who_lacks_a_score_is_told_and_not_in_public(shipped: Dataset) -> None:
    leaky = shipped.vertebrae.loc[shipped.vertebrae["leak"] == "yes", "patient_id"].iloc[0]
    later = shipped.patients["vas_1y"].astype(float)
    later[leaky] = math.nan
    study = replace(shipped, patients=shipped.patients.assign(vas_1y=later))
    before, others = (shipped.patients["vas_pre"][own].mean() for own in (later.isna(), later.notna()))
    said = f"VAS one year, 1 + 0 ({before:.1f}; {others:.1f})"
    table = outcome(Results(study), "en")
    assert said in table.notes[-1]
    assert table.public is not None
    assert not any(said in note for note in table.public(5).notes)


def test_a_score_that_nobody_has_is_not_there(shipped: Dataset) -> None:
    empty = replace(shipped, patients=shipped.patients.assign(odi_1y=math.nan))
    assert list(outcome(Results(empty), "es").data["variable"]) == [
        name for name in outcome(Results(shipped), "es").data["variable"] if name != "odi_1y"
    ]


def test_an_effect_is_shown_with_its_interval(shipped: Dataset) -> None:
    shown = comparisons(Results(shipped), "es").shown
    assert set(shown.columns) == {
        "Variable",
        "n",
        "p de Shapiro-Wilk (no / sí)",
        "Prueba",
        "Estadístico",
        "gl",
        "p-valor",
        "Efecto (IC 95%)",
    }
    student, welch = (shown[shown["Prueba"] == test].iloc[0] for test in ("t de Student", "t de Welch"))
    effect = compare_by_leak(shipped, "vertebral_volume_cc").tests["student"].effect
    assert effect is not None
    low, high = (f"{end:.2f}".replace("-", "\u2212") for end in (effect.low, effect.high))
    expected = f"g = {effect.estimate:.2f} ({low} a {high})".replace(".", ",")
    assert student["Efecto (IC 95%)"] == expected
    assert student["gl"] == "39"
    assert welch["gl"].count(",") == 1


def test_every_association_is_what_the_library_says(book: str, studies: dict[str, Dataset]) -> None:
    table = associations(Results(studies[book]), "en")
    rows = iter(records(table.data))
    study = studies[book]
    found_by = {name: associate_with_leak(study, name) for name in ("sex", "region", "level")}
    for variable, found in (found_by | {"sex_of_patients": associate_over_patients(study, "sex")}).items():
        least = found.expected.to_numpy().min()
        tests = [found.chi_squared] + ([found.fisher] if least < 5 and found.fisher else [])
        for test in tests:
            row = next(rows)
            assert_row(row, test)
            assert (row["variable"], row["n"], row["smallest_expected"]) == (
                variable,
                study.patients["sex"].notna().sum() if variable == "sex_of_patients" else len(study.vertebrae),
                least,
            )
    assert next(rows, None) is None


def test_a_variable_is_named_once(shipped: Dataset) -> None:
    shown = associations(Results(shipped), "es").shown
    assert [name for name in shown["Variable"] if name] == [
        *("Sexo", "Región", "Nivel"),
        "Sexo, por pacientes (fuga en alguna vértebra)",
    ]
    assert shown["Variable"].iloc[0] == "Sexo"
    assert "Fisher" in set(shown["Prueba"])
    assert [n for n in shown["n"] if n] == [*["41"] * 3, "27"]


def test_a_test_that_is_not_done_says_why(rows: list[dict[str, str]], write: Callable[..., Path]) -> None:
    for row in rows:
        row |= {"leak": "no", "leak_site": "", "leak_size": ""}
    table = associations(Results(load(write(rows))), "es")
    assert set(table.shown["p-valor"]) == {"–"}
    said = "Sin resultado: Chi-cuadrado (todas las variables): una de las dos variables no varía."
    assert said in table.notes


def test_one_reason_of_several_tests_is_said_once(rows: list[dict[str, str]], write: Callable[..., Path]) -> None:
    for row in rows:
        row |= {"leak": "no", "leak_site": "", "leak_size": ""}
    *_, note = comparisons(Results(load(write(rows))), "en").notes
    assert note.startswith("Without a result: ")
    assert "Kruskal-Wallis, Mann-Whitney (all variables): one group is empty" in note
    assert note.count("Kruskal-Wallis") == 1


def test_leaks_of_unknown_kind_are_said_and_not_counted(shipped: Dataset) -> None:
    vertebrae = shipped.vertebrae.copy()
    first, second, *_ = vertebrae.index[vertebrae["leak"] == "yes"]
    vertebrae.loc[first, "leak_size"] = None
    vertebrae.loc[second, ["leak_site", "leak_size"]] = None
    study = replace(shipped, vertebrae=vertebrae)
    table = leak_kinds(Results(study), "en")
    assert table.notes[0] == "Site and size are recorded of 13 of 15 leaks; only these are counted."
    assert table.caption.endswith("(n = 15)")
    assert ["reconstructions" in note for note in table.notes] == [False, True]
    totals = [str(row[-1]).removesuffix("%)").split(" (") for row in table.shown.itertuples(index=False)]
    assert sum(int(count) for count, _ in totals) == 13
    assert all(abs(int(percent) - 100 * int(count) / 13) <= 0.5 for count, percent in totals)
    # Beside the known number of leaks, any count would give the two away.
    public = table.for_public(5)
    assert set(public.shown.iloc[:, 1:].to_numpy().ravel()) == {"•"}
    assert len(public.notes) == 1
