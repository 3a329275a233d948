"""A paper whose truth is known: its numbers are printed from a made-up dataset."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from vpresearch.inference import compare

GROUPS = {"no_leak": "no", "leak": "yes"}


def make_paper(seed: int) -> dict[str, Any]:
    """Print counts, means, SDs, extremes and p-values of a random study of one size vertebra a patient."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(30, 60))
    data = pd.DataFrame(
        {
            "leak": rng.permutation(np.where(np.arange(n) < int(n * rng.uniform(0.3, 0.6)), "yes", "no")),
            "sex": rng.choice(["F", "M"], n),
            "vertebral_volume_cc": np.round(rng.normal(rng.uniform(22, 30), rng.uniform(4, 7), n).clip(10, 60), 1),
            "vas_pre": rng.binomial(10, rng.uniform(0.5, 0.85), n).clip(1, 10),
            "vas_1m": (1 + rng.poisson(rng.uniform(0.5, 2), n)).clip(1, 10),
        }
    )
    claims = [_claim("cohort.vertebrae.n", str(n), "count", "n")]
    for column, values in (("leak", ("yes", "no")), ("sex", ("F", "M"))):
        for value in values:
            count = int((data[column] == value).sum())
            group = {column: value}
            claims.append(_claim(f"cohort.{column}_{value}.n", str(count), "count", "n", group=group))
            share = _print(100 * count / n, 0) + "%"
            claims.append(_claim(f"cohort.{column}_{value}.percent", share, "percentage", "percent", group=group))
    for variable in ("vertebral_volume_cc", "vas_pre", "vas_1m"):
        claims += _of_variable(data, variable)
    return {"paper": {"key": f"made-up-{seed}"}, "variables": _variables(), "claims": claims}


def write_paper(content: dict[str, Any], path: Path) -> Path:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def alter(content: dict[str, Any], rng: np.random.Generator) -> tuple[str, str]:
    """Change one printed number beyond rounding; returns its id and its kind."""
    claim = content["claims"][int(rng.integers(len(content["claims"])))]
    printed, kind = claim["printed"].rstrip("%").lstrip("<"), claim["kind"]
    decimals = len(printed.partition(".")[2])
    steps = int(rng.integers(2, 8)) * int(rng.choice([-1, 1]))
    value = float(Decimal(printed) + Decimal(steps).scaleb(-decimals))
    if value <= 0 or (kind == "p" and value >= 1):
        value = float(Decimal(printed) + Decimal(abs(steps)).scaleb(-decimals))
    if kind == "p":
        value = min(0.999, value)
    claim["printed"] = _print(value, decimals) + ("%" if kind == "percentage" else "")
    return claim["id"], kind


def _of_variable(data: pd.DataFrame, variable: str) -> list[dict[str, Any]]:
    claims = []
    everybody = data[variable].to_numpy(dtype=float)
    for name, value in (("mean", everybody.mean()), ("sd", everybody.std(ddof=1))):
        claims.append(_claim(f"table2.{variable}.{name}", _print(value, 1), name, name, variable))
    for name, kind, value in (("min", "minimum", everybody.min()), ("max", "maximum", everybody.max())):
        claims.append(_claim(f"table2.{variable}.{name}", _print(value, 1), kind, name, variable))
    groups = []
    for group, leak in GROUPS.items():
        values = data.loc[data["leak"] == leak, variable].to_numpy(dtype=float)
        groups.append(values)
        for name, value in (("mean", values.mean()), ("sd", values.std(ddof=1))):
            printed = _print(value, 1)
            claims.append(_claim(f"table3.{variable}.{group}.{name}", printed, name, name, variable, {"leak": leak}))
    p_value = compare(groups[0], groups[1]).result.p_value
    # As journals ask for it.
    p = "<0.001" if p_value < 0.001 else _print(p_value, 3)
    return [*claims, _claim(f"table3.{variable}.p", p, "p", "p", variable)]


def _claim(
    name: str, printed: str, kind: str, statistic: str, variable: str | None = None, group: dict[str, str] | None = None
) -> dict[str, Any]:
    compute: dict[str, Any] = {"statistic": statistic, "over": "vertebrae"}
    if variable:
        compute["variable"] = variable
    if group:
        compute["group"] = group
    return {"id": name, "printed": printed, "kind": kind, "places": [name.split(".")[0]], "compute": compute}


def _variables() -> dict[str, Any]:
    score = {"over": "vertebrae", "step": "1", "low": "1", "high": "10"}
    volume = {"over": "vertebrae", "step": "0.1", "most_equal": 5}
    return {"vertebral_volume_cc": volume, "vas_pre": dict(score), "vas_1m": dict(score)}


def _print(value: float, decimals: int) -> str:
    return str(Decimal(f"{value:.12g}").quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))
