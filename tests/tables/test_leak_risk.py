"""What the tables on leaks say where a fit fails, and where only a penalty or a prior keeps it finite."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.parts import of
from vpresearch.data import Dataset
from vpresearch.regression.models import leak_design
from vpresearch.regression.validation import validate
from vpresearch.render import labels
from vpresearch.render.table import Table
from vpresearch.results import Results
from vpresearch.tables import dose_table, leak_risk_table, validation_table

Draw = Callable[[str, Dataset, str], Table]


def with_leaks(dataset: Dataset, above: float, most: float = math.inf) -> Dataset:
    """Let those vertebrae leak that are filled to more than so much."""
    vertebrae = dataset.vertebrae.copy()
    vertebrae["leak"] = (
        vertebrae["fill_percent"].between(above, most, inclusive="right").map({True: "yes", False: "no"})
    )
    leaking = vertebrae["leak"] == "yes"
    for column, value in (("leak_site", "disc"), ("leak_size", "punctate")):
        vertebrae[column] = [value if leak else None for leak in leaking]
    return replace(dataset, vertebrae=vertebrae, sha256=f"{dataset.sha256} {above} {most}")


@pytest.fixture
def separated(shipped: Dataset) -> Dataset:
    return with_leaks(shipped, 9.0)


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_on_separated_data_no_risk_is_shown_and_the_note_says_why(separated: Dataset, language: str) -> None:
    for table in (leak_risk_table(Results(separated), language), dose_table(Results(separated), language)):
        numbers = table.data[[name for name in ("estimate", "risk", "se", "ci_low", "ci_high") if name in table.data]]
        assert numbers.isna().all(axis=None)
        assert set(table.data["reason"]) == {"complete_separation"}
        why = labels.text("fit_reason.complete_separation", language)
        assert all(
            f"{labels.text(f'model.{model}', language)}: {why}." in table.notes
            for model in table.data.get("model", ["gee_kc"])
        )


def test_no_difference_of_risks_exceeds_all_of_them(separated: Dataset, shipped: Dataset) -> None:
    nearly = separated.vertebrae.copy()
    lowest, highest = nearly["fill_percent"].idxmin(), nearly["fill_percent"].idxmax()
    nearly.loc[[lowest, highest], "leak"] = ["yes", "no"]
    for dataset in (shipped, replace(separated, vertebrae=nearly)):
        data = leak_risk_table(Results(dataset), "en").data
        assert data["reason"].eq("").all()
        assert data[["estimate", "ci_low", "ci_high"]].abs().le(1).all(axis=None)


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_whatever_hangs_on_a_penalty_or_a_prior_says_so(separated: Dataset, language: str, draw: Draw) -> None:
    table = draw("models", separated, language)
    data = table.data[table.data["outcome"] == "leak"]
    alone = data[data["term"].isin(["intercept", "fill_percent"])]
    assert set(alone.loc[alone["estimate"].notna(), "model"]) == {"firth", "bayes", "exact"}
    told = data[data["estimate"].notna()]
    assert set(told["reason"]) == {"complete_separation"}
    assert (data["reason"] != "").all()
    words = labels.text("fit_reason.complete_separation", language)
    assert table.shown[labels.text("word.reason", language)].eq(words).sum() >= 3


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_the_star_is_told_only_where_there_is_one(shipped: Dataset, language: str) -> None:
    star = labels.text("leak_table.extrapolated", language)
    for table in (leak_risk_table(Results(shipped), language), dose_table(Results(shipped), language)):
        assert (star in table.notes) == ("*</td>" in table.to_html())
    wide = shipped.vertebrae.copy()
    wide.loc[wide.index[:2], "fill_percent"] = [1.0, 40.0]
    for table in (leak_risk_table(Results(replace(shipped, vertebrae=wide)), language),):
        assert star not in table.notes
        assert "*</td>" not in table.to_html()


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_one_leak_bears_no_precision_and_no_validation(shipped: Dataset, language: str, draw: Draw) -> None:
    middle = shipped.vertebrae["fill_percent"].drop_duplicates(keep=False).sort_values().iloc[20]
    one = with_leaks(shipped, middle - 1e-9, middle)
    assert leak_design(one.rows).events == 1
    words = labels.text("fit_reason.too_few_outcomes", language)
    precision = draw("precision", one, language)
    assert set(precision.data["reason"]) == {"too_few_outcomes"}
    validation = validation_table(of(one, performance=validate(leak_design(one.rows), 20)), language)
    assert set(validation.data["reason"]) == {"too_few_outcomes"}
    for table in (precision, validation):
        assert any(words in note for note in table.notes)


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_without_leaks_relief_has_a_reason_and_no_verdict(shipped: Dataset, language: str, draw: Draw) -> None:
    table = draw("relief", with_leaks(shipped, 1000.0), language)
    leak = table.data["term"] == "leak"
    assert set(table.data.loc[leak, "verdict"]) == {""}
    assert set(table.data.loc[leak, "reason"]) == set(table.data.loc[leak, "ancova_reason"]) == {"constant"}
    assert table.data.loc[~leak, "verdict"].ne("").all()
    assert table.shown[labels.text("word.verdict", language)][leak].eq("–").all()
    assert table.shown[labels.text("leak_table.difference", language)][leak].eq("–").all()
    for column in ("word.reason", "leak_table.ancova"):
        words = labels.text("fit_reason.constant", language)
        assert table.shown[labels.text(column, language)][leak].eq(words).all()


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_the_relief_of_a_reconstruction_stands_beside_that_of_the_others(
    shipped: Dataset, studies: dict[str, Dataset], language: str, draw: Draw
) -> None:
    table, column = draw("relief", shipped, language), labels.text("leak_table.seen", language)
    assert (table.data["least"] <= table.data["estimate"]).all()
    assert (table.data["estimate"] <= table.data["greatest"]).all()
    for cell, row in zip(table.shown[column], table.data.to_dict("records"), strict=True):
        counts = [int(number) for number in re.findall(r"[a-z]: (\d+)", cell)]
        assert counts == [row[verdict] for verdict in ("equivalent", "inconclusive", "different") if row[verdict]]
        assert sum(counts) == 500
    assert "500" in table.notes[-1]
    # A row is of a time, which it names.
    scores = table.shown[labels.text("leak_table.score", language)]
    assert scores.str.lower().str.contains(labels.text("time.1y", language).lower()).sum() == 6
    real = draw("relief", studies["plain"], language)
    assert column not in real.shown
    assert "least" not in real.data


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_how_leaks_were_found_is_what_the_paper_says(
    shipped: Dataset, studies: dict[str, Dataset], language: str, draw: Draw
) -> None:
    found = labels.text("leak_table.detection", language)
    for dataset in (shipped, studies["plain"]):
        table = draw("comparators", dataset, language)
        assert table.data["detection"][0] == "CT"
        assert table.shown[found][0] == {"en": "radiograph and CT", "es": "radiografía y TC"}[language]
        assert {"en": "plain radiograph and CT", "es": "radiografía simple y TC"}[language] in table.notes[1]
    missing = table.data["p_value"].isna()[1:]
    assert (table.shown[labels.text("leak_table.no_p", language)][1:] != "").tolist() == missing.tolist()
    assert table.data.loc[table.data["unit"] != "vertebrae", "p_value"].isna().all()


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_without_leaks_the_interval_for_patients_has_a_reason(shipped: Dataset, language: str, draw: Draw) -> None:
    table = draw("comparators", with_leaks(shipped, 1000.0), language)
    assert table.data["reason"][0] == "one_outcome"
    assert labels.text("fit_reason.one_outcome", language) in table.notes[-1]
    assert not any("– a –" in note or "– to –" in note for note in table.notes)


def test_no_count_of_leaks_stands_in_prose_about_any_data(draw: Draw, shipped: Dataset) -> None:
    for language in labels.LANGUAGES:
        assert not any("15 " in note for note in draw("assumptions", shipped, language).notes)
