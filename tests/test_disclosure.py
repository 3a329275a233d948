from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parts import of
from vpresearch.core.errors import InputError
from vpresearch.core.reported import Reported
from vpresearch.data import Dataset
from vpresearch.figures import calibration, figure2
from vpresearch.figures import leak_kinds as leak_kinds_figure
from vpresearch.privacy import (
    Precision,
    all_alike,
    check_public,
    few_as_far,
    hidden_leak_kinds,
    hidden_levels,
    hides_relief,
    is_small,
    precision,
    score_counts,
    withhold,
)
from vpresearch.published import Compute, Paper
from vpresearch.regression.design import Estimate
from vpresearch.results import Results
from vpresearch.scorecard import Row, judge, scorecard
from vpresearch.tables import associations, leak_kinds, models_table, table1

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


@pytest.mark.parametrize(("leaks", "group"), [(4, "with"), (17, "without")])
def test_a_study_of_a_few_is_not_public(leaks: int, group: str) -> None:
    study = study_of(["L1"] * 21, [("disc", "moderate")] * leaks + [None] * (21 - leaks))
    with pytest.raises(InputError, match=f"fewer than 5 vertebrae or patients {group} a leak") as caught:
        check_public(study, 5)
    assert [problem.code for problem in caught.value.problems] == ["too_few_for_public"]
    check_public(study, 4)


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


def test_where_a_few_lie_beyond_is_told_on_both_sides() -> None:
    values, places = list(range(1, 11)), [0, 1, 2, 3, 5, 8, 9, 10, 11]
    assert few_as_far(values, places, 3).tolist() == [True, True, True, False, False, False, True, True, True]


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
            # How it was computed says the statistic, and of how many.
            assert row.computed.method.code == row.claim.compute.statistic
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


@pytest.mark.parametrize("lost", [("leak_size", 20), ("leak_size", 7), ("leak_site", 20), ("leak_site", 7)])
def test_kinds_of_which_half_is_known_are_hidden(paper: Paper, lost: tuple[str, int]) -> None:
    kinds = [("disc", "moderate")] * 2 + [("vascular", "massive")] * 18
    study = study_of(["L1"] * 40, [*kinds, *[None] * 20])
    column, n = lost
    kept = study.vertebrae[column].mask(study.vertebrae.index < n)
    study = replace(study, vertebrae=study.vertebrae.assign(**{column: kept}), sha256=f"{lost}")
    other = {"leak_site": "leak_size", "leak_size": "leak_site"}[column]
    claims = [row for row in withhold(_of_kinds(paper, study), study, 5) if other in row.claim.compute.group]
    assert claims
    assert {row.verdict for row in claims} == {"withheld"}
    public = leak_kinds(Results(study), "en").for_public(5)
    assert not {"2", "18", "11", "13"} & set(public.shown.to_numpy().ravel())


def test_the_figure_of_kinds_is_not_public_where_a_few_of_a_site_have_no_size() -> None:
    study = study_of(["L1"] * 40, [*[("disc", "moderate")] * 13, *[("vascular", "massive")] * 13, *[None] * 14])
    unsized = study.vertebrae.index.isin([*range(3), *range(13, 16)])
    lost = study.vertebrae["leak_size"].mask(unsized)
    study = replace(study, vertebrae=study.vertebrae.assign(leak_size=lost), sha256="three of each")
    # Six of them are not few, nor are those left; the figure of the sites tells how many each site has.
    assert figure2(Results(study), "en").is_public(5)
    assert not leak_kinds_figure(Results(study), "en").is_public(5)


def _of_kinds(paper: Paper, study: Dataset) -> list[Row]:
    return [
        judge(paper, claim, study) for claim in paper.claims if {"leak_site", "leak_size"} & set(claim.compute.group)
    ]


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
    # Two lack a score, and every number of the model is then theirs to tell.
    few = study.patients.assign(vas_pre=5.0, vas_1m=[math.nan] * 2 + [3.0] * 38)
    assert hides_relief(replace(study, patients=few), "vas", 38, 5)


def test_values_that_differ_in_what_is_not_printed_are_alike() -> None:
    study = study_of(["L1"] * 40, [("disc", "moderate")] * 20 + [None] * 20)
    for one, alike in ((3.1, True), (4.0, False)):
        scores = study.patients.assign(vas_1m=[one] + [3.0] * 39)
        assert all_alike(replace(study, patients=scores), "vas_1m", "patients") is alike


def test_nothing_is_told_of_the_score_of_a_few_patients_of_many_vertebrae() -> None:
    # Four have it, of 12 and of 8 vertebrae; one vertebra of each group lacks it.
    ids = [patient for patient, n in zip("012345", (6, 6, 1, 4, 4, 1), strict=True) for _ in range(n)]
    scores = pd.DataFrame({"sex": "F", "vas_1m": [0.0, 1.0, math.nan, 7.0, 5.0, math.nan]}, index=list("012345"))
    study = study_of(["L1"] * 22, [*[None] * 13, *[("disc", "moderate")] * 9])
    vertebrae = study.vertebrae.assign(patient_id=ids)
    study = replace(study, vertebrae=vertebrae, patients=scores.rename_axis("patient_id"))
    assert score_counts(study, "vas_1m")[:3] == (4, 12, 8)
    assert precision(study, "vas_1m", 5) == Precision(None, p=False)


# Scores of which a public run shows less than the paper prints, each for a reason of its own.
Values = list[float | None]
COARSE: dict[str, tuple[Values, Values, str, tuple[int | None, bool]]] = {
    "two known": (
        [None, None, None, 4.5, 1.5, 7.5, 5.5],
        [None, None, None, 1.5, 1.5, 1.0, 1.5],
        "groups",
        (None, False),
    ),
    "too few pairs of n": (
        [None, None, 7, 4.5, 6, 5.5, 2.5, 4],
        [None, None, 3.5, 6.5, 3.5, 0.5, 0],
        "groups",
        (1, False),
    ),
    "p": ([None, None, 6, 5.7, 7.9, 8.7, 6.4], [5, 5.6, 6.1, 6.8, 6.5, 5.9, 5.9], "groups", (1, False)),
    "means": ([None, 2, 3, 2, 3, 3, 3], [None, None, 3, 4, 3, 0, 3], "groups", (0, True)),
    "even and odd": ([4, 5, 6, 2, 2, 4, 5], [None, None, 2, 0, 2, 3, 1, 4], "groups", (0, True)),
    "Student's p": ([3.5, 3.5, 4, 4, 4, 4, 3, 4.5], [None, None, None, 3.5, 4.5, 2.5, 3.5, 2.5], "groups", (1, False)),
    "p of ranks": ([None, 3, 4, 2.5, 5, 6, 3.5], [None, 3, 2, 4, 2.5, 4.5, 3, 4], "groups", (1, False)),
    "both": ([None, 6, 5, 3, 2, 0, 4, 5, 2], [3, 4, 4, 4, 5, 3, 4], "groups", (0, False)),
    "a third of them": (
        [None, 6, 7, 3, 0, 5],
        [None, None, 3, 2, 0, 3, 5, 6, 6],
        "groups",
        (0, False),
    ),
    # Of one patient alone there would be no spread to show.
    "one left": ([6, 0, 1, 7, 6], [7, 5, 4, 1, 6, 5], "groups", (0, True)),
    # Many patients lack it, and the n of a group, which is small, would follow.
    "patients": ([*[None] * 7, 2.5, 2.5, 2, 0, 0, 0], [None, None, None, 4.5, 3, 8.5, 4, 6], "patients", (None, False)),
}


@pytest.mark.parametrize("case", COARSE)
def test_a_score_is_told_no_finer_than_leaves_open_how_many_lack_it(case: str) -> None:
    without, with_leak, over, (decimals, p) = COARSE[case]
    values = [math.nan if value is None else float(value) for value in (*without, *with_leak)]
    study = study_of(["L1"] * len(values), [*[None] * len(without), *[("disc", "moderate")] * len(with_leak)])
    study = replace(study, patients=study.patients.assign(vas_1m=values))
    assert precision(study, "vas_1m", 5, over) == Precision(decimals, p)


def _score_of(case: str) -> dict[str, object]:
    without, with_leak, *_ = COARSE[case]
    values = [math.nan if value is None else float(value) for value in (*without, *with_leak)]
    return {"vas_1m": values, "leaks": [None] * len(without) + [("disc", "moderate")] * len(with_leak)}


_AGES = {"age_years": [*range(60, 80)] * 2}
_LEVELS = {"levels": ["T8"] * 2 + ["T9"] * 8 + ["T11"] * 9 + ["L1"] * 20 + ["L2"]}
_UNKNOWN_SEX = {"sex": [None] * 2 + ["F", "M"] * 19}
# What is asked of a study, and whether a public run tells it.
TOLD: dict[str, tuple[dict[str, Any], Compute, str, bool]] = {
    "mean": (_AGES, Compute("mean", "patients", "age_years"), "70", True),
    "mean of a few": (_LEVELS | _AGES, Compute("mean", "patients", "age_years", group={"level": "T8"}), "60", False),
    "spread of one": (_LEVELS | _AGES, Compute("sd", "patients", "age_years", group={"level": "L2"}), "1", False),
    "mean as far as n allows": (
        _score_of("means"),
        Compute("mean", "vertebrae", "vas_1m", group={"leak": "no"}),
        "3",
        True,
    ),
    "mean beyond": (_score_of("means"), Compute("mean", "vertebrae", "vas_1m", group={"leak": "no"}), "2.7", False),
    "mean of other groups": (
        _score_of("means"),
        Compute("mean", "vertebrae", "vas_1m", group={"sex": "F"}),
        "3",
        False,
    ),
    "mean of other units": (
        _score_of("means"),
        Compute("mean", "patients", "vas_1m", group={"leak": "no"}),
        "3",
        False,
    ),
    "mean of no n": (_score_of("patients"), Compute("mean", "patients", "vas_1m"), "3", False),
    "lead": ({"sex": ["M"] * 6 + ["F"] * 34}, Compute("lead", "patients", group={"sex": "F"}), "> 0", True),
    "lead over a few": ({"sex": ["M"] * 3 + ["F"] * 37}, Compute("lead", "patients", group={"sex": "F"}), "> 0", False),
    "lead of a level": (_LEVELS, Compute("lead", "vertebrae", group={"level": "L1"}), "> 0", False),
    "level": (_LEVELS, Compute("n", "vertebrae", group={"level": "T8"}), "2", False),
    "few": ({"sex": ["M"] * 3 + ["F"] * 37}, Compute("n", "patients", group={"sex": "M"}), "3", False),
    "but a few": ({"sex": ["M"] * 3 + ["F"] * 37}, Compute("n", "patients", group={"sex": "F"}), "37", False),
    "share": ({"sex": ["F", "M"] * 20}, Compute("percent", "patients", group={"sex": "F"}), "50%", True),
    "share of those known": (_UNKNOWN_SEX, Compute("percent", "patients", group={"sex": "F"}), "50%", False),
}


@pytest.mark.parametrize("case", TOLD)
def test_a_claim_is_told_only_where_it_is_of_no_few(paper: Paper, case: str) -> None:
    given, spec, printed, told = TOLD[case]
    columns = dict(given)
    leaks = columns.pop("leaks", [("disc", "moderate")] * 20 + [None] * 20)
    study = study_of(columns.pop("levels", ["L1"] * len(leaks)), leaks)
    study = replace(study, patients=study.patients.assign(**columns))
    claim = replace(paper["cohort.age.mean"], compute=spec, printed=Reported(printed))
    (row,) = withhold([judge(paper, claim, study)], study, 5)
    assert (row.verdict != "withheld") == told


def test_the_figure_of_kinds_is_not_public_where_a_few_are_not_recorded() -> None:
    study = study_of(["L1"] * 40, [("disc", "moderate")] * 20 + [None] * 20)
    assert leak_kinds_figure(Results(replace(study, sha256="all")), "en").is_public(5)
    lost = {name: study.vertebrae[name].mask(study.vertebrae.index < 2) for name in ("leak_site", "leak_size")}
    study = replace(study, vertebrae=study.vertebrae.assign(**lost), sha256="but two")
    assert not leak_kinds_figure(Results(study), "en").is_public(5)


def test_the_counts_of_a_model_that_leaves_out_a_few_are_hidden(shipped: Dataset) -> None:
    counts = ((41, 15, 27), (40, 15, 27), (41, 14, 27), (35, 15, 26))
    models = [Estimate("ml", "leak", "fill_percent", "", 0.1, 0.1, 0.0, 0.3, "", 0.4, "", *each) for each in counts]
    shown = models_table(of(shipped, estimates=models), "en").for_public(5).shown.iloc[:, 5]
    assert shown.tolist() == ["41 / 15 / 27", "•", "•", "•"]


def test_a_test_of_a_small_count_is_hidden() -> None:
    # Of 8 thoracic vertebrae 4 leak; of either sex many do and many do not.
    leaks: list[tuple[str, str] | None] = [("disc", "moderate"), None] * 24
    study = study_of(["T8"] * 8 + ["L1"] * 40, leaks)
    sexes = study.patients.assign(sex=["F", "F", "M", "M"] * 12)
    regions = study.vertebrae.assign(region=["thoracic"] * 8 + ["lumbar"] * 40)
    shown = associations(Results(replace(study, patients=sexes, vertebrae=regions)), "en").for_public(5).shown
    hidden = {str(row[0]): {row[place] for place in (3, 5, 6)} == {"•"} for row in shown.to_numpy() if row[0]}
    assert hidden == {"Sex": False, "Sex, over patients (a leak in any vertebra)": False, "Region": True, "Level": True}


@pytest.mark.parametrize(("events", "public"), [([0, 10], True), ([4, 10], False), ([6, 10], False)])
def test_the_figure_of_calibration_is_not_public_where_a_few_of_a_group_leak_or_do_not(
    events: list[int], public: bool, shipped: Dataset
) -> None:
    columns = dict.fromkeys(("predicted", "observed", "ci_low", "ci_high"), 0.5)
    groups = pd.DataFrame({"n": [10, 20], "events": events}).assign(**columns)
    assert calibration(of(shipped, calibration=groups), "en").is_public(5) is public
