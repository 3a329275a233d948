from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpresearch.core.errors import InputError
from vpresearch.data import Dataset
from vpresearch.privacy import (
    Precision,
    check_public,
    hidden_leak_kinds,
    hidden_levels,
    hides_relief,
    is_small,
    precision,
    score_counts,
    withhold,
)
from vpresearch.published import Paper
from vpresearch.results import Results
from vpresearch.scorecard import scorecard
from vpresearch.tables import leak_kinds, table1

LEVELS = ("T8", "T9", "T11", "T12", "L1", "L2", "L3", "L4", "L5")
SITES, SIZES = ("posterior", "vascular", "disc"), ("punctate", "moderate")


def study_of(levels: list[str], leaks: list[tuple[str, str] | None]) -> Dataset:
    """A study of one vertebra a patient."""
    n = len(levels)
    ids = [str(number) for number in range(n)]
    kinds = [leak or (None, None) for leak in leaks]
    vertebrae = pd.DataFrame(
        {
            "patient_id": ids,
            "level": levels,
            "leak": ["yes" if leak else "no" for leak in leaks],
            "leak_site": pd.Series([site for site, _ in kinds], dtype=object),
            "leak_size": pd.Series([size for _, size in kinds], dtype=object),
        }
    )
    patients = pd.DataFrame({"sex": ["F"] * n}, index=pd.Index(ids, name="patient_id"))
    return Dataset(patients, vertebrae, "study.csv", "0", False)


studies_of_levels = st.lists(st.sampled_from(LEVELS), min_size=5, max_size=60)


@given(studies_of_levels)
@settings(max_examples=40)
def test_no_level_can_be_worked_out(levels: list[str]) -> None:
    study = study_of(levels, [None] * len(levels))
    shown = table1(Results(study), "en").for_public(5).shown
    counts = {row[1]: row[2] for row in shown.itertuples(index=False)}
    assert not [cell for cell in counts.values() if cell != "•" and int(cell) < 5]
    # A reader who knows every number of the table subtracts: one hidden count alone would be given back.
    for region in ("T", "L"):
        cells = [cell for level, cell in counts.items() if level[0] == region]
        head = next((row[0] for row in shown.itertuples(index=False) if row[0][:1] == region), "")
        assert "•" in head or cells.count("•") != 1


@given(st.lists(st.tuples(st.sampled_from(SITES), st.sampled_from(SIZES)), min_size=5, max_size=40))
@settings(max_examples=40)
def test_no_kind_of_leak_can_be_worked_out(leaks: list[tuple[str, str]]) -> None:
    study = study_of(["L1"] * (len(leaks) + 9), [*leaks, *[None] * 9])
    hidden = hidden_leak_kinds(study, 5)
    for row in leak_kinds(Results(study), "en").for_public(5).shown.itertuples(index=False):
        _, *cells = (str(cell).split()[0] for cell in row)
        assert cells.count("•") != 1
        assert not [cell for cell in cells if cell != "•" and 0 < int(cell) < 5]
    totals = {site: sum(each == site for each, _ in leaks) for site in SITES}
    # The figure of the sites is drawn where none of them is small.
    if not any(0 < total < 5 for total in totals.values()):
        assert hidden.isdisjoint(SITES)


def test_regions_are_hidden_with_their_levels() -> None:
    study = study_of(["T8"] * 2 + ["L1"] * 20, [None] * 22)
    assert hidden_levels(study, 5) == {"T8", "thoracic", "L1", "lumbar"}
    shown = table1(Results(study), "en").for_public(5)
    assert [row[0] for row in shown.shown.itertuples(index=False)] == ["Thoracic (•)", "Lumbar (•)"]
    assert "counts" not in shown.to_csv()


@pytest.mark.parametrize(("leaks", "group"), [(3, "with"), (18, "without")])
def test_a_study_of_a_few_is_not_public(leaks: int, group: str) -> None:
    study = study_of(["L1"] * 21, [("disc", "moderate")] * leaks + [None] * (21 - leaks))
    with pytest.raises(InputError, match=f"fewer than 5 vertebrae or patients {group} a leak") as caught:
        check_public(study, 5)
    assert [problem.code for problem in caught.value.problems] == ["too_few_for_public"]
    check_public(study, 3)


def test_a_study_without_a_leak_may_be_public() -> None:
    check_public(study_of(["L1"] * 9, [None] * 9), 5)


def test_many_leaks_of_a_few_patients_are_a_few() -> None:
    study = study_of(["L1"] * 12, [("disc", "moderate")] * 6 + [None] * 6)
    same = study.vertebrae.assign(patient_id=["0"] * 6 + study.vertebrae["patient_id"].tolist()[6:])
    with pytest.raises(InputError):
        check_public(replace(study, vertebrae=same), 5)


@pytest.mark.parametrize(("count", "small"), [(0, False), (1, True), (4, True), (5, False), (26, True), (30, False)])
def test_a_count_is_small_on_either_side(count: int, small: bool) -> None:
    assert is_small(count, 30, 5) is small


def test_claims_are_withheld_with_their_verdict(paper: Paper, shipped: Dataset) -> None:
    study = replace(shipped, reconstruction=False)
    rows = scorecard(paper, study)
    public = withhold(rows, study, 5)
    verdicts = {row.claim.id: row.verdict for row in public}
    for claim in ("table1.T8.n", "table1.T8.percent", "cohort.age.min", "table2.cement_volume.max", "cohort.L1.mode"):
        assert verdicts[claim] == "withheld"
    # One of 27 patients: what is left of the whole is as telling as the part.
    assert verdicts["cohort.osteoporosis.percent"] == verdicts["cohort.rheumatoid_arthritis.percent"] == "withheld"
    for claim in ("cohort.patients.n", "cohort.women.n", "cohort.men.n", "cohort.age.mean", "table1.L1.n"):
        assert verdicts[claim] == "reproduced"
    hidden = hidden_levels(study, 5)
    for before, row in zip(rows, public, strict=True):
        if row.verdict == "withheld":
            assert (row.rounded, str(row.computed.value)) == ("", "nan")
            assert [note.code for note in row.reasons] == ["withheld"]
        else:
            assert replace(row, coarse=False) == before or row.verdict == "not computable"
        if row.claim.compute.group.get("level") in hidden:
            assert row.verdict == "withheld"


@pytest.mark.parametrize("recorded", [3, 17])
def test_a_few_recorded_kinds_hide_them_all(recorded: int) -> None:
    study = study_of(["L1"] * 40, [("disc", "moderate")] * 20 + [None] * 20)
    known = study.vertebrae.index < recorded
    lost = {name: study.vertebrae[name].where(known) for name in ("leak_site", "leak_size")}
    study = replace(study, vertebrae=study.vertebrae.assign(leak_site=lost["leak_site"], leak_size=lost["leak_size"]))
    # Those shown, zeros among them, would tell where the few are.
    assert hidden_leak_kinds(study, 5) >= {"disc", "posterior", ("disc", "moderate"), ("posterior", "punctate")}


def test_the_n_of_a_model_is_hidden_where_it_differs_from_the_whole_and_from_every_time() -> None:
    study = study_of(["L1"] * 40, [("disc", "moderate")] * 20 + [None] * 20)
    scores = pd.DataFrame({"vas_pre": 5.0, "vas_1m": 3.0}, index=study.patients.index)
    # Ten lack one score and ten another, of whom two lack both: 22 have both.
    scores.iloc[:10, 0], scores.iloc[8:18, 1] = math.nan, math.nan
    study = replace(study, patients=study.patients.join(scores))
    assert [score_counts(study, name)[0] for name in ("vas_pre", "vas_1m")] == [30, 30]
    assert hides_relief(study, "vas", 22, 5)
    assert not hides_relief(study, "vas", 30, 5)
    assert not hides_relief(study, "vas", 40, 5)


def test_nothing_is_told_of_the_score_of_a_few_patients_of_many_vertebrae() -> None:
    study = study_of(["L1"] * 40, [("disc", "moderate")] * 20 + [None] * 20)
    ids = [str(number % 20 // 5 + 4 * (number // 20)) for number in range(40)]
    vertebrae = study.vertebrae.assign(patient_id=ids)
    patients = pd.DataFrame(
        {"sex": "F", "vas_1m": [1.0, 4.0, *[math.nan] * 3, 2.0, *[math.nan] * 2]}, index=list("01234567")
    )
    study = replace(study, vertebrae=vertebrae, patients=patients.rename_axis("patient_id"))
    assert score_counts(study, "vas_1m")[:3] == (3, 5, 10)
    assert precision(study, "vas_1m", 5) == Precision(None, p=False)
