"""The spread of an ensemble, against slower code that others wrote."""

from __future__ import annotations

import json

import numpy as np
import pytest
import statsmodels.api as sm

from vpresearch.published import Paper
from vpresearch.reconstruct import ENSEMBLE, Ensemble, attainable, extreme, read_ensemble, spread, verify
from vpresearch.reconstruct.extreme import STATISTICS, Sign, correlation, group_means, slope_of_leak_on_fill


@pytest.fixture(scope="module")
def committed() -> Ensemble:
    return read_ensemble(ENSEMBLE)


def test_slopes_are_those_of_statsmodels(committed: Ensemble) -> None:
    some = committed.take(range(0, 500, 50))
    slopes = slope_of_leak_on_fill(some.fill_percent, some.leak)
    for fill, leak, slope in zip(some.fill_percent, some.leak, slopes, strict=True):
        fit = sm.Logit(leak.astype(float), sm.add_constant(fill)).fit(disp=False, tol=1e-12)
        assert slope == pytest.approx(fit.params[1], rel=1e-7)


def test_separated_rows_have_no_slope() -> None:
    fill = np.tile([0.0, 1, 2, 3], (3, 1))
    slopes = slope_of_leak_on_fill(fill, np.array([[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 1, 0]], dtype=bool))
    assert np.isnan(slopes).tolist() == [True, True, False]


def test_means_and_correlations_are_those_of_numpy(committed: Ensemble) -> None:
    without, with_leak = group_means(committed.fill_percent, committed.leak)
    r = correlation(committed.cement, committed.volumes)
    for number in (0, 250, 499):
        fill, leak = committed.fill_percent[number], committed.leak[number]
        assert (without[number], with_leak[number]) == pytest.approx((fill[~leak].mean(), fill[leak].mean()))
        assert r[number] == pytest.approx(np.corrcoef(committed.cement[number], committed.volumes[number])[0, 1])


def test_the_spread_is_tidy_and_its_quantiles_ascend(committed: Ensemble) -> None:
    table = spread(committed)
    assert table.columns.tolist() == ["statistic", "quantile", "value"]
    assert np.isfinite(table["value"]).all()
    for _, rows in table.groupby("statistic"):
        assert rows["quantile"].tolist() == [0, 0.025, 0.25, 0.5, 0.75, 0.975, 1]
        assert rows["value"].is_monotonic_increasing
    means = table.set_index(["statistic", "quantile"])["value"]
    # With 26 and 15 vertebrae, the printed 9% lies between the two groups.
    assert means["mean fill without leak", 0] < 9 < means["mean fill with leak", 1]


# -- extremes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_short_search_goes_further_and_keeps_every_claim(
    paper: Paper, committed: Ensemble, statistic: str, sign: Sign
) -> None:
    start = committed.take(range(8))
    found = extreme(paper, start, statistic, sign, seed=1, steps=150)
    values = STATISTICS[statistic](start.fill_percent, start.leak)
    assert sign * found.value > sign * found.started == max(sign * values)
    assert verify(found.table, paper, attainable(paper)) == []
    again = extreme(paper, start, statistic, sign, seed=1, steps=150)
    assert found.table.equals(again.table)


def test_the_committed_witnesses_have_the_values_that_are_told(paper: Paper, committed: Ensemble) -> None:
    record = json.loads(ENSEMBLE.with_name("ensemble.provenance.json").read_text(encoding="utf-8"))
    told = [row for row in record["witnessed_extremes"]["rows"] if row["ensemble"] == ENSEMBLE.stem]
    witnesses = read_ensemble(ENSEMBLE.with_name("ensemble_extremes.npz"))
    assert [(row["statistic"], row["end"]) for row in told] == [
        (statistic, end) for statistic in STATISTICS for end in ("least", "greatest")
    ]
    for number, row in enumerate(told):
        measure = STATISTICS[row["statistic"]]
        value = measure(witnesses.fill_percent, witnesses.leak)[number]
        assert value == pytest.approx(row["value"], rel=1e-9)
        ordinary = measure(committed.fill_percent, committed.leak)
        assert value < ordinary.min() if row["end"] == "least" else value > ordinary.max()
        assert verify(witnesses.table(number), paper, attainable(paper)) == []
