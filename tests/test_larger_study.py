"""Studies far larger than the paper's: what is taken for them agrees with what is taken for small ones."""

from __future__ import annotations

import numpy as np
import pytest

from tests.larger_study import larger_study, write_larger_study
from tests.parts import of
from vpresearch import figures
from vpresearch.data import Dataset, load
from vpresearch.regression import bayes, mixed, separation
from vpresearch.regression.batched import batched_ml
from vpresearch.regression.design import Design
from vpresearch.regression.gee import cluster_sums
from vpresearch.regression.mixed import ascent, gauss_hermite, grouped
from vpresearch.regression.models import leak_design
from vpresearch.regression.resampling import bootstrap
from vpresearch.regression.validation import validate


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    path = tmp_path_factory.mktemp("larger") / "study.csv"
    write_larger_study(path, 2_500)
    return load(path)


@pytest.fixture(scope="module")
def design(study: Dataset) -> Design:
    return leak_design(study.rows)


def test_a_made_up_study_has_the_shape_of_one() -> None:
    table = larger_study(500)
    assert len(table) == 500
    assert table.equals(larger_study(500))
    assert set(table.groupby("patient_id").size()) == {1, 2, 3}
    assert 0 < table["odi_1y"].isna().mean() < 0.3
    assert not table.duplicated(["patient_id", "level"]).any()


def test_sums_over_patients_are_those_of_a_matrix_of_patients_by_rows(design: Design) -> None:
    coefficients, correlation = np.array([-1.5, 0.1]), 0.2
    scores, information = cluster_sums(design.x, design.y, design.cluster, coefficients, correlation)
    for patient in (0, 7, design.n_clusters - 1):
        rows = design.x[design.cluster == patient]
        p = 1 / (1 + np.exp(-rows @ coefficients))
        root = np.sqrt(p * (1 - p))
        working = (1 - correlation) * np.eye(len(rows)) + correlation
        slopes = (root**2)[:, None] * rows
        inverse = np.linalg.inv(root[:, None] * working * root)
        assert scores[patient] == pytest.approx(
            slopes.T @ inverse @ (design.y[design.cluster == patient] - p), rel=1e-9
        )
        assert information[patient] == pytest.approx(slopes.T @ inverse @ slopes, rel=1e-9)


def test_rows_that_are_separated_are_found_among_very_many(design: Design) -> None:
    fill = design.x[:, 1]
    apart = Design(
        "leak", (fill > np.quantile(fill, 0.999)).astype(float), design.x, design.terms, design.units, design.cluster
    )
    assert separation.gate(apart) == "complete_separation"
    # One leak below all others: the whole overlaps, though hardly any part does.
    y = apart.y.copy()
    y[fill.argmin()] = 1.0
    assert separation.gate(Design("leak", y, design.x, design.terms, design.units, design.cluster)) == ""


def test_a_likelihood_in_parts_is_the_whole(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    at, rule = np.array([-0.5, 0.6, 1.0]), gauss_hermite(9)
    parts = grouped(separation.standardised(design.x), design.y, design.cluster)
    assert len(parts.parts) > 1
    height, gradient = ascent(parts, rule, at)
    monkeypatch.setattr(mixed, "_PART", design.n)
    whole = grouped(separation.standardised(design.x), design.y, design.cluster)
    assert len(whole.parts) == 1
    expected, slope = ascent(whole, rule, at)
    assert height == pytest.approx(expected, rel=1e-13)
    assert gradient == pytest.approx(slope, rel=1e-9)


def test_the_polynomial_of_a_posterior_is_the_posterior(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    some = Design("leak", design.y[:700], design.x[:700], design.terms, design.units, design.cluster[:700])
    rows = grouped(separation.standardised(some.x), some.y, some.cluster)
    monkeypatch.setattr(bayes, "_MOST_DIRECT", 10)
    heights = bayes.Posteriors(rows).under(bayes.PRIORS)
    assert heights is not None
    at = heights.top + np.array([[0, 0, 0], [2, 0, 0], [0, -2, 0], [0, 0, 1], [-1, 1, -1]]) * heights.room
    told = heights.log_density(at) - heights.log_density(at)[0]
    exact = bayes.log_posterior(rows, at, bayes.PRIORS)
    assert told == pytest.approx(exact - exact[0], abs=2e-3)


def test_many_rows_of_many_a_patient_are_refused_where_no_polynomial_is_close(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    x, y = np.column_stack([np.ones(608), rng.normal(0, 1, 608)]), (rng.random(608) < 0.3).astype(float)
    asked: list[int] = []
    monkeypatch.setattr(bayes, "interpolate", lambda *_: asked.append(1))
    monkeypatch.setattr(bayes, "log_posterior", lambda _, at, __: -((at - 1) ** 2).sum(axis=1))
    for each, known in ((4, True), (8, False)):
        rows = grouped(x, y, np.arange(608) // each)
        assert (bayes.Posteriors(rows).under(bayes.PRIORS) is not None) == known
    few = grouped(x[:600], y[:600], np.arange(600) // 8)
    assert bayes.Posteriors(few).under(bayes.PRIORS) is not None
    assert len(asked) == 2


def test_resamples_of_equal_rows_are_those_of_the_rows(design: Design) -> None:
    rounded = np.column_stack([design.x[:, :1], design.x[:, 1].round()])
    alike = Design("leak", design.y, rounded, design.terms, design.units, design.cluster)
    drawn, k = bootstrap(alike, 20, seed=3), design.n_clusters
    counts = np.random.default_rng(3).multinomial(k, np.full(k, 1 / k), size=20)
    expected = batched_ml(alike.x[:, 1], alike.y, counts[:, alike.cluster])
    assert drawn.coefficients == pytest.approx(expected.coef, rel=1e-9)


def test_concordance_by_ranks_is_that_of_all_pairs(design: Design) -> None:
    x, y = design.x[:, 1], design.y
    apart = x[y > 0][:, None] - x[y == 0]
    expected = ((apart > 1e-9).mean() + (apart > -1e-9).mean()) / 2
    assert validate(design, resamples=2)[0].apparent == pytest.approx(expected, rel=1e-12)


def test_very_many_points_are_a_picture_in_a_vector_file(study: Dataset) -> None:
    for make in (figures.volumes, figures.risk_curve):
        drawn = make(of(study, identified=None), "es")
        assert drawn.to_bytes("svg") == drawn.to_bytes("svg")
        assert b"<image" in drawn.to_bytes("svg")
        assert len(drawn.to_bytes("svg")) < 1_000_000
