from __future__ import annotations

import pandas as pd
import pytest

from vpresearch.audit import Check
from vpresearch.render import labels
from vpresearch.tables.audited import audit_table

GRAVITY = {"undecided": 1, "impossible": 2, "possible": 3}


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_the_audit_holds_every_check(checks: list[Check], language: str) -> None:
    table = audit_table(checks, language)
    for check, row in zip(checks, table.data.to_dict("records"), strict=True):
        found = {str(name): value for name, value in row.items()}
        n_datasets, p_min, p_max = (found.pop(name) for name in ("n_datasets", "p_min", "p_max"))
        assert found == {
            "check": check.check,
            "claims": " ".join(check.claims),
            "verdict": check.verdict,
            "detail": labels.audited(check, "en"),
            "witness": check.witness,
        }
        assert (None if pd.isna(n_datasets) else n_datasets) == check.n_datasets
        # Nine digits: those that no machine's vector instructions change.
        assert (p_min, p_max) == pytest.approx((check.p_min, check.p_max), rel=1e-8, nan_ok=True)


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_the_audit_shows_what_is_impossible_first_and_suppositions_last(checks: list[Check], language: str) -> None:
    table = audit_table(checks, language)
    supposed = [check for check in checks if check.check.endswith("_natural_grid")]
    stated = [check for check in checks if check not in supposed]
    assert {check.verdict for check in stated} >= {"impossible", "possible"}
    assert any(check.alarm for check in stated)
    expected = sorted(stated, key=lambda check: 0 if check.alarm else GRAVITY[check.verdict]) + supposed
    assert table.shown.to_numpy().tolist() == [
        [
            labels.text(f"audit_check.{check.check}", language),
            check.claims[0],
            labels.text(f"audit_verdict.{check.verdict}", language),
            labels.audited(check, language),
            "" if check.n_datasets is None else labels.count(check.n_datasets, language),
        ]
        for check in expected
    ]
    assert not table.reconstruction
