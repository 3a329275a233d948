from __future__ import annotations

import pytest

from vpresearch.data import Dataset
from vpresearch.regression.models import by_patient, with_covariates


def test_numbers_stand_for_the_categories(shipped: Dataset) -> None:
    rows = with_covariates(shipped.rows)
    assert set(rows["leaked"]) == set(rows["female"]) == set(rows["lumbar"]) == {0.0, 1.0}
    assert (rows["lumbar"] == (rows["level_number"] > 12)).all()
    assert rows["leaked"].sum() == 15


def test_a_patient_has_leaked_where_any_vertebra_has(shipped: Dataset) -> None:
    rows = with_covariates(shipped.rows)
    patients = by_patient(rows)
    for patient in patients.to_dict("records"):
        own = rows[rows["patient_id"] == patient["patient_id"]]
        assert patient["leaked"] == own["leaked"].max()
        assert patient["fill_percent"] == pytest.approx(own["fill_percent"].mean())
    assert patients["leaked"].sum() < rows["leaked"].sum()
