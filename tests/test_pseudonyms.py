from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from vpresearch.data import Dataset, load, pseudonymise, write_rows


def test_ids_are_numbers_and_nothing_else_changes(studies: dict[str, Dataset]) -> None:
    for study in studies.values():
        hidden = pseudonymise(study)
        digits = len(str(len(study.patients)))
        assert hidden.patients.index.tolist() == [f"{n:0{digits}d}" for n in range(1, len(study.patients) + 1)]
        assert hidden.patients.index.name == "patient_id"
        assert hidden.vertebrae["patient_id"].is_monotonic_increasing
        assert hidden.vertebrae["patient_id"].isin(hidden.patients.index).all()
        for mine, theirs in ((hidden.patients, study.patients), (hidden.rows, study.rows)):
            columns = [name for name in theirs if name != "patient_id"]
            same = [sorted(map(str, frame[columns].itertuples(index=False))) for frame in (mine, theirs)]
            assert same[0] == same[1]


def test_the_vertebrae_of_a_patient_stay_together(studies: dict[str, Dataset]) -> None:
    study = studies["plain"]
    groups = [
        sorted(tuple(rows["level"]) for _, rows in each.vertebrae.groupby("patient_id", sort=False))
        for each in (study, pseudonymise(study))
    ]
    assert groups[0] == groups[1]


def test_the_order_is_neither_the_file_s_nor_the_alphabet_s(studies: dict[str, Dataset]) -> None:
    study = studies["plain"]
    ages = pseudonymise(study).patients["age_years"].tolist()
    assert ages != study.patients["age_years"].tolist()
    assert ages != study.patients.sort_index()["age_years"].tolist()


def test_the_same_rows_have_the_same_order_and_others_another(studies: dict[str, Dataset]) -> None:
    study = studies["plain"]
    first = pseudonymise(study)
    # Another file, with the rows in another order.
    turned = replace(study, patients=study.patients[::-1], vertebrae=study.vertebrae[::-1], sha256="x")
    assert pseudonymise(turned).patients.equals(first.patients)
    # The checksum that a run publishes does not give the order; one cell more or less does.
    changed = study.vertebrae.assign(cement_volume_cc=study.vertebrae["cement_volume_cc"] + 0.1)
    assert not pseudonymise(replace(study, vertebrae=changed)).patients.equals(first.patients)


def test_the_rows_are_read_back_to_the_last_digit(
    studies: dict[str, Dataset], rows: list[dict[str, str]], write: Callable[..., Path], tmp_path: Path
) -> None:
    for study in (*studies.values(), load(write(rows))):
        hidden = pseudonymise(study)
        path = tmp_path / "private" / "rows.csv"
        write_rows(hidden, path)
        again = load(path)
        pd.testing.assert_frame_equal(again.patients[list(hidden.patients)], hidden.patients, check_exact=True)
        pd.testing.assert_frame_equal(again.vertebrae[list(hidden.vertebrae)], hidden.vertebrae, check_exact=True)
        assert again.reconstruction == hidden.reconstruction
