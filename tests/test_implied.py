from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from vpresearch import implied, tables
from vpresearch.data import Dataset
from vpresearch.implied import fits, ranges
from vpresearch.reconstruct import ANY_FILL
from vpresearch.reconstruct.extreme import slope_of_leak_on_fill
from vpresearch.regression import assumptions, firth, gee, logistic, validation
from vpresearch.regression.design import design
from vpresearch.regression.models import by_patient, leak_design, ratio_models, with_covariates
from vpresearch.results import Results

FEW = (0, 7, 499)


def test_every_fit_is_that_of_the_plain_model() -> None:
    drawn = implied.shipped()["drawn"].take(FEW)
    table = fits({"drawn": drawn})
    keys = ["number", "model", "unit", "adjustment"]
    found = {tuple(row[key] for key in keys): row for row in table.to_dict("records")}
    for number in range(len(FEW)):
        rows = with_covariates(drawn.table(number).assign(region="", fill_percent=drawn.fill_percent[number]))
        patients = by_patient(rows)
        of_patients = design(patients, "leak", patients["leaked"])
        expected = {
            ("ml", "vertebrae", "none"): logistic.fit(leak_design(rows))[1],
            ("firth", "vertebrae", "none"): firth.fit(leak_design(rows))[1],
            ("gee_kc", "vertebrae", "none"): gee.fit(leak_design(rows))[1],
            ("ml", "vertebrae", "volume"): logistic.fit(leak_design(rows, ("fill_percent", "vertebral_volume_cc")))[1],
            ("ml", "patients", "none"): logistic.fit(of_patients)[1],
            ("firth", "patients", "none"): firth.fit(of_patients)[1],
        }
        for key, slope in expected.items():
            row = found[(number, *key)]
            assert row["slope"] == pytest.approx(slope.estimate, rel=1e-6), key
            assert row["p_value"] == pytest.approx(slope.p_value, rel=1e-6), key


def test_ranges_hold_every_slope() -> None:
    ensembles = {name: ensemble.take(range(min(4, len(ensemble)))) for name, ensemble in implied.shipped().items()}
    table = fits(ensembles)
    for row in ranges(table).to_dict("records"):
        own = table[(table["model"] == row["model"]) & (table["unit"] == row["unit"])]
        own = own[own["adjustment"] == row["adjustment"]]
        drawn = own[own["source"] == "drawn"]["slope"]
        assert row["drawn_least"] == drawn.min()
        assert row["witnessed_least"] == own["slope"].min() <= row["drawn_least"]
        assert row["witnessed_greatest"] == own["slope"].max() >= row["drawn_greatest"]
        assert row["n"] == len(drawn) == 4


def test_the_range_stands_beside_a_reconstruction_only(shipped: Dataset, studies: dict[str, Dataset]) -> None:
    results = Results(shipped)
    for kind, found in (("", results.identified), (ANY_FILL, results.identified_any_fill)):
        slopes = np.concatenate(
            [
                slope_of_leak_on_fill(each.fill_percent, each.leak)
                for name in {"", kind}
                for each in implied.shipped(name).values()
            ]
        )
        assert found == pytest.approx((slopes.min(), slopes.max()), abs=1e-8)
    # One of many: what it gives lies in the range of all of them.
    for name, (least, greatest) in results.free_p.items():
        test = (
            results.associations[name].chi_squared
            if name in results.associations
            else results.comparisons[name].tests["kruskal"]
        )
        assert least - 1e-9 <= test.p_value <= greatest + 1e-9
    assert set(results.associations) < set(results.free_p)
    terms = {each.term: each.estimate for each in ratio_models(shipped.rows)}
    for term, (least, greatest) in results.free_terms.iterrows():
        assert least - 1e-6 <= terms[str(term)] <= greatest + 1e-6
    assert results.free_rate is not None
    assert results.free_rate[0] < results.rate.clustered.low < results.rate.clustered.high < results.free_rate[1]
    # A range without one number holds the one with it.
    for table in (results.implied, tables.spread_table(results, "en").data):
        assert (table["any_fill_least"] <= table["witnessed_least"]).all()
        assert (table["any_fill_greatest"] >= table["witnessed_greatest"]).all()
    for study in map(Results, studies.values()):
        assert (study.identified, study.identified_any_fill, study.free_risk([5])) == (None, None, None)
        assert (study.free_volumes, study.free_calibration, study.free_spline([5])) == (None, None, None)
        assert "free_least" not in study.scores_with_range
        assert (study.free_p, study.free_rate, len(study.free_terms)) == ({}, None, 0)
        assert "free_least" not in study.leak_kinds_with_range


def test_what_is_free_reaches_over_every_reconstruction(shipped: Dataset) -> None:
    results, number = Results(shipped), 17
    one = implied.shipped()["drawn"].table(number)
    patients = one.drop_duplicates("patient_id")
    for row in results.scores_with_range.to_dict("records"):
        assert row["free_least"] <= patients[row["variable"]].mean() <= row["free_greatest"]
        assert row["free_least"] <= row["mean"] <= row["free_greatest"]
    kinds = results.leak_kinds_with_range
    for row in kinds.to_dict("records"):
        there = (one["leak_site"] == row["leak_site"]) & (one["leak_size"] == row["leak_size"])
        assert row["free_least"] <= there.sum() <= row["free_greatest"]
    assert kinds["free_least"].sum() < kinds["n"].sum() < kinds["free_greatest"].sum()
    free = results.free_risk([6.0, 12.0])
    assert free is not None
    fill, leak = (100 * one["cement_volume_cc"] / one["vertebral_volume_cc"], one["leak"] == "yes")
    fit = sm.Logit(leak.astype(float), sm.add_constant(fill.to_numpy())).fit(disp=False)
    own = fit.predict(sm.add_constant(np.array([6.0, 12.0])))
    assert (free["ci_low"] <= own).all()
    assert (own <= free["ci_high"]).all()


def test_the_range_of_volumes_curve_and_groups_holds_every_reconstruction(shipped: Dataset) -> None:
    results, number = Results(shipped), 17
    one = implied.shipped()["drawn"].table(number)
    one = one.assign(region="", fill_percent=100 * one["cement_volume_cc"] / one["vertebral_volume_cc"])
    volumes, curve, groups = results.free_volumes, results.free_spline([6.0, 12.0]), results.free_calibration
    assert volumes is not None
    assert curve is not None
    assert groups is not None
    for rows in (one, shipped.rows):
        for leak, own in volumes.groupby("leak"):
            for name in ("vertebral_volume_cc", "cement_volume_cc"):
                ranked = rows.loc[rows["leak"] == leak, name].sort_values().to_numpy()
                least, greatest = (own.loc[own["shown"] == end, name].to_numpy() for end in ("least", "greatest"))
                assert ((least <= ranked) & (ranked <= greatest)).all()
        risk = assumptions.curve(leak_design(rows), [6.0, 12.0])["risk"]
        assert ((curve["ci_low"] <= risk) & (risk <= curve["ci_high"])).all()
        found = validation.calibration(leak_design(rows))
        for share in ("predicted", "observed"):
            assert found[share].between(groups[f"{share}_least"] - 1e-9, groups[f"{share}_greatest"] + 1e-9).all()


def test_the_reach_of_the_intervals_stands_beside_a_reconstruction_only(
    shipped: Dataset, studies: dict[str, Dataset]
) -> None:
    found = Results(shipped).identified_intervals
    assert found is not None
    slope = gee.fit(leak_design(shipped.rows))[1]
    assert found.least <= slope.ci_low
    assert slope.ci_high <= found.greatest
    drawn = implied.shipped()["drawn"]
    kept = fits({"drawn": drawn.take(range(40))}).query("model == 'gee_kc'")
    assert (kept["p_value"] < 0.05).sum() <= found.below <= found.n == len(drawn)
    assert Results(studies["plain"]).identified_intervals is None
