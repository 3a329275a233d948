"""Medians and quartiles: no true dataset is ever called impossible, and the bounds are those of every definition."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest

from tests.made_up_paper import write_paper
from vpresearch.audit import Check, audit
from vpresearch.audit.quantiles import check_quantile_data, check_quantiles, places
from vpresearch.core.reported import Reported
from vpresearch.lattice import Cell, enumerate_multisets, to_values
from vpresearch.published import Claim, Compute, Grid, Paper, read_paper

METHODS = (
    *("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull"),
    *("linear", "median_unbiased", "normal_unbiased", "hinges", "halves"),
)
SCALE = Grid("patients", "1", "0", "5")
KINDS = {"n": "count", "min": "minimum", "max": "maximum"}


def paper(grid: Grid | None, /, **printed: str) -> Paper:
    claims = [
        Claim(name, Reported(text), KINDS.get(name, name), (), Compute(name, "patients", None if name == "n" else "y"))  # type: ignore[arg-type]
        for name, text in printed.items()
    ]
    return Paper("a", {}, {"y": grid} if grid else {}, {}, tuple(claims))


def found(check: str, grid: Grid | None, /, **printed: str) -> Check:
    (one,) = (each for each in check_quantiles(paper(grid, **printed), "any") if each.check == check)
    return one


def quartiles(values: np.ndarray, method: str) -> list[float]:
    if method in METHODS[:9]:
        return list(np.quantile(values, [0.25, 0.5, 0.75], method=method))  # type: ignore[call-overload]
    half = max(1, (len(values) + (method == "hinges")) // 2)
    return [float(np.median(part)) for part in (values[:half], values, values[-half:])]


def printed_of(values: np.ndarray, method: str, rng: np.random.Generator) -> dict[str, str]:
    """Print most of what describes values, each rounded in its own way."""
    q1, median, q3 = quartiles(values, method)
    every = {"min": values[0], "q1": q1, "median": median, "q3": q3, "max": values[-1], "mean": values.mean()}
    every |= {"sd": values.std(ddof=1)} if len(values) > 1 else {}
    how = (ROUND_HALF_UP, ROUND_HALF_EVEN)[int(rng.integers(2))]
    said = {"n": str(len(values))}
    for name, value in every.items():
        if rng.random() < 0.7:
            places = Decimal(1).scaleb(-int(rng.integers(0, 4)))
            said[name] = str(Decimal(f"{value:.12g}").quantize(places, rounding=how))
    return said


@pytest.mark.parametrize("method", METHODS)
def test_no_true_dataset_is_called_impossible(method: str) -> None:
    rng = np.random.default_rng(METHODS.index(method))
    grids = (
        SCALE,
        None,
        Grid("patients", "1"),
        Grid("patients", "0.5", "0", "5"),
        Grid("patients", "1", "0", "5", ("-1",)),
    )
    for n in (*range(1, 9), 15, 40):
        values = np.sort(rng.choice([rng.integers(0, 6, n), 5 * rng.integers(0, 2, n)])).astype(float)
        said = printed_of(values, method, rng)
        checks = list(check_quantiles(paper(grids[n % 5], **said), "any"))
        assert [check.check for check in checks if check.alarm] == [], (values, said)


@pytest.mark.parametrize(
    ("printed", "wrong"),
    [
        ({"min": "3", "q1": "1"}, ("min", "q1")),
        ({"q1": "3.0", "median": "2.8"}, ("q1", "median")),
        ({"q1": "3.0", "q3": "2.8"}, ("q1", "q3")),
        ({"median": "4", "max": "2"}, ("median", "max")),
        ({"q1": "-1", "median": "2"}, ("q1",)),
        ({"median": "2", "q3": "5.6"}, ("q3",)),
        ({"q1": "3", "median": "2"}, ()),
        ({"min": "3", "max": "2"}, ()),
    ],
)
def test_quantiles_stand_in_order_within_the_scale(printed: dict[str, str], wrong: tuple[str, ...]) -> None:
    checks = list(check_quantiles(paper(SCALE, **printed), "any"))
    assert [check.claims for check in checks if check.alarm] == ([wrong] if wrong else [])


def test_another_low_end_of_the_scale_is_one_of_it() -> None:
    checks = check_quantiles(paper(Grid("patients", "1", "0", "5", ("-1",)), median="-1"), "any")
    assert [check.alarm for check in checks] == [False]


def test_the_places_of_quartiles_are_those_of_every_definition() -> None:
    for n in range(2, 14):
        known = [tuple(map(float, place)) for place in places(n)]
        for method in METHODS:
            said = quartiles(np.arange(1.0, n + 1), method)
            assert any(np.allclose(said, place) for place in known), (n, method)
    # The nearest place, of which some round a tie up and others down.
    assert {(1, 3, 4), (1, 2, 4)} <= set(places(5))


@pytest.mark.parametrize(
    ("name", "n", "printed", "verdict"),
    [
        ("median", "15", "3", "possible"),
        ("median", "15", "3.5", "undecided"),
        ("median", "14", "3.5", "possible"),
        ("median", "14", "3.3", "impossible"),
        ("median", "1", "3.5", "impossible"),
        ("q1", "15", "3.06", "possible"),  # 1/16 by the ninth type
        ("q1", "15", "3.08", "undecided"),  # 1/12 by the eighth, of 12 values
        ("q3", "15", "3.03", "impossible"),
    ],
)
def test_a_quantile_divides_a_step_as_its_definitions_do(name: str, n: str, printed: str, verdict: str) -> None:
    check = found("quantile_grid", SCALE, n=n, **{name: printed})
    assert check.verdict == verdict
    assert check.remark == (verdict == "undecided")
    assert set(check.claims) == {name, "n"}


def test_the_nearest_medians_are_told() -> None:
    check = found("quantile_grid", SCALE, n="14", median="3.3")
    assert (check.values["below"], check.values["above"]) == ("3.0", "3.5")


def reach(check: Check) -> tuple[float, float]:
    return float(check.values["reach_low"]), float(check.values["reach_high"])


def test_the_two_middle_values_are_twice_the_median() -> None:
    # By the usual definition 0 + 2 * 2 + 5 in all; by the first type the second value is 2 and the third up to 5.
    check = found("quantiles_mean", SCALE, n="4", min="0", median="2.000", max="5", mean="2.2")
    assert reach(check) == pytest.approx((2.25, 3), abs=0.001)
    assert check.verdict == "possible"
    assert found("quantiles_mean", SCALE, n="4", min="0", median="2.000", max="5", mean="2.1").verdict == "impossible"
    assert found("quantiles_mean", SCALE, n="4", min="0", median="2.000", max="5", mean="3.1").verdict == "impossible"


def test_mean_and_median_are_less_than_a_standard_deviation_apart() -> None:
    check = found("quantiles_sd", None, n="20", median="4.000", mean="9.000", sd="5.1")
    assert reach(check) == pytest.approx((5 * (20 / 19) ** 0.5, float("inf")), abs=0.002)
    assert check.verdict == "possible"
    assert found("quantiles_sd", None, n="20", median="4.000", mean="9.000", sd="5.0").verdict == "impossible"


@pytest.mark.parametrize("moved", [-1000, -7, 0, 1000])
def test_a_spread_does_not_depend_on_where_the_scale_begins(moved: int) -> None:
    said = {"n": "20", "sd": "5.1", "median": f"{4 + moved}.000", "mean": f"{9 + moved}.000"}
    assert reach(found("quantiles_sd", None, **said)) == pytest.approx((5 * (20 / 19) ** 0.5, float("inf")), abs=0.002)
    said |= {"min": f"{moved}", "max": f"{20 + moved}"}
    assert reach(found("quantiles_sd", None, **said)) == pytest.approx(
        reach(found("quantiles_sd", None, n="20", sd="5.1", min="0", median="4.000", mean="9.000", max="20")), abs=1e-6
    )


def test_the_middle_pair_is_on_the_grid_of_the_scale_that_was_used() -> None:
    said = {"n": "4", "min": "2", "median": "2.50", "max": "3", "mean": "2.5"}
    assert reach(found("quantiles_mean", SCALE, **said)) == (2.5, 2.5)
    # From -0.5 on the values are halves, so that nothing is rounded to whole ones.
    assert reach(found("quantiles_mean", Grid("patients", "1", "0", "5", ("-0.5",)), **said))[0] < 2.49


@pytest.mark.parametrize("n", [5, 6])
def test_bounds_hold_all_datasets_and_little_more(n: int) -> None:
    """Go through all datasets of a grid that print so by one definition or another."""
    said = {"min": "0", "median": "2.0", "max": "5"}
    grid = np.indices((6,) * n).reshape(n, -1).T
    every = grid[(np.diff(grid, axis=1) >= 0).all(axis=1) & (grid[:, 0] == 0) & (grid[:, -1] == 5)].astype(float)
    fits = [row for row in every if any(quartiles(row, each)[1] == 2 for each in METHODS)]
    means, sds = np.mean(fits, axis=1), np.std(fits, axis=1, ddof=1)
    mean, sd = (found(f"quantiles_{name}", SCALE, n=str(n), mean="2.2", sd="1.9", **said) for name in ("mean", "sd"))
    assert reach(mean) == pytest.approx((means.min(), means.max()), abs=0.4)
    assert reach(mean)[0] <= means.min() <= means.max() <= reach(mean)[1]
    near = sds[abs(means - 2.2) <= 0.05]
    assert reach(sd)[0] <= near.min() <= near.max() <= reach(sd)[1]
    assert reach(sd) == pytest.approx((near.min(), near.max()), abs=0.3)


def test_a_paper_says_medians_as_claims(tmp_path: Path) -> None:
    claims = [
        {"id": name, "printed": text, "kind": kind, "places": [], "compute": {"statistic": name, "over": "patients"}}
        for name, kind, text in (("n", "count", "20"), ("median", "median", "2"), ("q3", "q3", "0"))
    ]
    for claim in claims[1:]:
        claim["compute"] |= {"variable": "y"}  # type: ignore[operator]
    variables = {"y": {"over": "patients", "step": "1", "low": "0", "high": "9"}}
    path = write_paper({"paper": {"key": "a"}, "variables": variables, "claims": claims}, tmp_path / "a.yaml")
    assert [check.check for check in audit(read_paper(path)) if check.alarm] == ["quantile_order"]


def test_a_spread_beyond_the_extremes_is_told_once() -> None:
    said = {"n": "20", "min": "0", "median": "2", "max": "4", "mean": "2.0", "sd": "2.9"}
    assert found("quantiles_sd", None, **said).alarm
    assert [check.check for check in audit(paper(None, **said)) if check.alarm] == ["sd_limit"]


# -- counted together ------------------------------------------------------------------------------------------------


def counted(grid: Grid, /, **printed: str) -> list[Check]:
    return list(check_quantile_data(paper(grid, **printed), "any"))


@pytest.mark.parametrize("method", METHODS)
def test_no_true_dataset_is_ruled_out_by_counting(method: str) -> None:
    rng = np.random.default_rng(100 + METHODS.index(method))
    for n in (*range(2, 13), 30):
        values = np.sort(rng.choice([rng.integers(0, 6, n), rng.binomial(5, 0.2, n)])).astype(float)
        said = printed_of(values, method, rng)
        said |= {"mean": f"{values.mean():.2f}", "sd": f"{values.std(ddof=1):.2f}"}
        checks = counted(SCALE, **said)
        assert [check.verdict for check in checks] == ["possible"] * bool({"q1", "median", "q3"} & set(said)), said
        for check in checks:
            shown = shown_values(check.witness)
            assert len(shown) == n
            assert abs(shown.mean() - values.mean()) < 0.011
            assert abs(shown.std(ddof=1) - values.std(ddof=1)) < 0.011


def shown_values(witness: str) -> np.ndarray:
    parts = [part.partition(" x") for part in witness.split(", ")]
    return np.array([float(value) for value, _, times in parts for _ in range(int(times or 1))])


def test_quantiles_that_bounds_allow_and_no_dataset_has() -> None:
    wide = Grid("patients", "1", "0", "10")
    said = {
        "n": "12",
        "mean": "6.92",
        "sd": "1.31",
        "min": "5",
        "q1": "7.00",
        "median": "7.0",
        "q3": "8.00",
        "max": "9",
    }
    assert not [check for check in check_quantiles(paper(wide, **said), "any") if check.alarm]
    (check,) = counted(wide, **said)
    assert (check.verdict, check.code) == ("impossible", "quantiles_counted_fail")
    assert check.claims == ("q1", "median", "q3", "min", "max", "mean", "sd", "n")
    # Every dataset with the mean, the SD and the extremes, by each definition of its quartiles.
    cell = Cell(12, Reported("6.92"), Reported("1.31"), 0, 10, attained_low=5, attained_high=9)
    rows = [np.sort(row) for row in to_values(cell, enumerate_multisets(cell))]
    wanted = np.array([7.0, 7.0, 8.0])
    off = [np.abs(quartiles(row, method) - wanted).max() for row in rows for method in METHODS]
    assert len(rows) == 4
    assert min(off) > 0.1
    (check,) = counted(wide, **{**said, "q1": "6.00"})
    assert (check.verdict, check.code) == ("possible", "quantiles_counted_hold")


def test_what_is_not_counted_is_not_claimed() -> None:
    said = {"n": "12", "mean": "6.92", "sd": "1.31", "q1": "7.00", "median": "7.0", "q3": "8.00"}
    wide = Grid("patients", "1", "0", "10")
    assert [check.verdict for check in counted(wide, **said)] == ["impossible"]
    # Without a grid, an SD, a size or a quantile; where mean and SD alone tell; on too fine a grid.
    assert list(check_quantile_data(paper(None, **said), "any")) == []
    for name in ("sd", "n"):
        assert counted(wide, **{key: value for key, value in said.items() if key != name}) == []
    assert counted(wide, n="12", mean="6.92", sd="1.31", min="5") == []
    assert counted(wide, **{**said, "mean": "6.93"}) == []
    assert counted(Grid("patients", "0.001", "0", "10"), **said) == []
    # Another low end of the scale would do.
    assert [check.verdict for check in counted(Grid("patients", "1", "7", "10", ("0",)), **{**said, "q1": "6.00"})] == [
        "possible"
    ]
