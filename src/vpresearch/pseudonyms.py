"""Patient ids that say nothing: numbers in an order that only the file itself could give back."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from pathlib import Path

import pandas as pd

from vpresearch.dictionary import columns
from vpresearch.load import Dataset


def pseudonymise(dataset: Dataset) -> Dataset:
    """Replace the patient ids by numbers, and the order of the patients by a random one.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Dataset
        The order hangs on every cell of the dataset, so that a second run gives the same results, and on no order
        that the file had.

    Examples
    --------
    >>> from vpresearch.load import load
    >>> from vpresearch.project import RECONSTRUCTION
    >>> study = pseudonymise(load(RECONSTRUCTION))
    >>> sorted(study.patients.index)[:2], len(study.vertebrae)
    (['01', '02'], 41)
    """
    rows = dataset.vertebrae.join(dataset.patients, on="patient_id").to_csv(index=False).splitlines()
    # Keyed by the rows and not by the published checksum, from which anybody could count the order out.
    key = hashlib.blake2b("\n".join(sorted(rows)).encode(), person=b"order").digest()
    ids = sorted(dataset.patients.index)
    random.Random(key).shuffle(ids)
    digits = len(str(len(ids)))
    numbers = {patient: f"{number:0{digits}d}" for number, patient in enumerate(ids, start=1)}
    patients = dataset.patients.loc[ids].set_axis(pd.Index(list(numbers.values()), dtype=object, name="patient_id"))
    vertebrae = dataset.vertebrae.assign(patient_id=dataset.vertebrae["patient_id"].map(numbers).astype(object))
    vertebrae = vertebrae.sort_values("patient_id", kind="stable", ignore_index=True)
    return replace(dataset, patients=patients, vertebrae=vertebrae)


def write_rows(dataset: Dataset, path: Path) -> None:
    """Write a dataset as a CSV that ``load`` reads back to the last digit.

    Parameters
    ----------
    dataset : Dataset
    path : pathlib.Path
        In a folder marked private.
    """
    rows: pd.DataFrame = dataset.rows.drop(columns=["region", "fill_percent"])
    # In words: an M without an F beside it is refused, for it may stand for mujer.
    rows["sex"] = rows["sex"].map({level.value: level.labels["en"] for level in columns()["sex"].levels})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(rows.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="\n")
