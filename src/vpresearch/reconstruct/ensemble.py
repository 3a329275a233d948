"""The file of an ensemble: a plain .npz, small, and the same bytes on every machine."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vpresearch.core.dictionary import columns
from vpresearch.core.errors import failure
from vpresearch.core.paths import ROOT
from vpresearch.data import RECONSTRUCTED_ID_PREFIX

ENSEMBLE = ROOT / "data" / "reconstructed" / "ensemble.npz"
# Of the files beside it: datasets furthest out, and those that need not print the mean fill ratio.
EXTREMES, ANY_FILL = "_extremes", "_any_fill"
_VERTEBRAE = "patient_n_vertebrae"


def ensemble_bytes(ensemble: Ensemble) -> bytes:
    """Return the content of an ensemble's file: a plain .npz, uncompressed and without dates."""
    arrays: dict[str, NDArray[Any]] = {_VERTEBRAE: ensemble.n_vertebrae_of}
    for name, codes in ensemble.codes.items():
        arrays[f"{name}.values"] = ensemble.values[name]
        # A column of one value needs no codes, only their shape.
        arrays[f"{name}.codes"] = codes if len(ensemble.values[name]) > 1 else np.array(codes.shape)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            # Else it names the operating system that wrote it.
            entry.create_system = 3
            data = io.BytesIO()
            np.lib.format.write_array(data, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(entry, data.getvalue())
    return content.getvalue()


def read_ensemble(path: Path | str) -> Ensemble:
    """Read an ensemble's file.

    Parameters
    ----------
    path : pathlib.Path or str

    Returns
    -------
    Ensemble

    Raises
    ------
    VPResearchError
        If the file is not there or is no ensemble.

    Examples
    --------
    >>> import vpresearch as vp
    >>> len(vp.read_ensemble(vp.ENSEMBLE))
    500
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names = [name.removesuffix(".codes") for name in arrays if name.endswith(".codes")]
            codes = {name: arrays[f"{name}.codes"] for name in names}
            codes = {name: coded if coded.ndim == 2 else np.zeros(coded, np.uint8) for name, coded in codes.items()}
            values = {name: arrays[f"{name}.values"] for name in names}
            return Ensemble(arrays[_VERTEBRAE], codes, values)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        raise failure("not_an_ensemble", file=Path(path).name) from None


Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ensemble:
    """Datasets that all satisfy the same published statistics.

    Attributes
    ----------
    n_vertebrae_of : numpy.ndarray of int, shape (n_datasets, n_patients)
        Vertebrae of each patient.
    codes : dict of str to numpy.ndarray of int
        By canonical column, positions in ``values``; shape (n_datasets, n_patients) or (n_datasets, n_vertebrae),
        as the column belongs to a patient or to a vertebra.
    values : dict of str to numpy.ndarray, shape (n_values,)
        The distinct values of each column, ascending.

    Examples
    --------
    >>> import vpresearch as vp
    >>> ensemble = vp.read_ensemble(vp.ENSEMBLE)
    >>> len(ensemble), ensemble.volumes.shape, ensemble.table(0).shape
    (500, (500, 41), (41, 18))
    """

    n_vertebrae_of: NDArray[np.uint8]
    codes: Mapping[str, NDArray[np.uint8]]
    values: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.n_vertebrae_of)

    @cached_property
    def patient(self) -> NDArray[np.int64]:
        """Number of each vertebra's patient, from 0; shape (n_datasets, n_vertebrae)."""
        ends = self.n_vertebrae_of.cumsum(axis=1)
        number: NDArray[np.int64] = (np.arange(ends[0, -1])[None, :, None] >= ends[:, None, :]).sum(axis=2)
        return number

    def column(self, name: str) -> NDArray[Any]:
        """Return a canonical column of every dataset, shape (n_datasets, n_vertebrae)."""
        codes = self.codes[name]
        if columns()[name].unit_of_observation == "patient":
            codes = np.take_along_axis(codes, self.patient, axis=1)
        return self.values[name][codes]

    def of_patients(self, name: str) -> NDArray[Any]:
        """Return a patient's column of every dataset, shape (n_datasets, n_patients)."""
        return self.values[name][self.codes[name]]

    @cached_property
    def volumes(self) -> Floats:
        """Vertebral volumes, cc; shape (n_datasets, n_vertebrae)."""
        return self.column("vertebral_volume_cc")

    @cached_property
    def cement(self) -> Floats:
        """Cement, cc; shape (n_datasets, n_vertebrae)."""
        return self.column("cement_volume_cc")

    @cached_property
    def fill_percent(self) -> Floats:
        """Cement over volume, percent; shape (n_datasets, n_vertebrae)."""
        return 100 * self.cement / self.volumes

    @cached_property
    def leak(self) -> NDArray[np.bool_]:
        """Whether each vertebra leaks; shape (n_datasets, n_vertebrae)."""
        leak: NDArray[np.bool_] = self.column("leak") == "yes"
        return leak

    def table(self, number: int) -> pd.DataFrame:
        """Return one dataset, counted from 0, with its canonical columns."""
        one = self.take([number])
        width = len(str(self.n_vertebrae_of.shape[1]))
        table = {"patient_id": [f"{RECONSTRUCTED_ID_PREFIX}{patient + 1:0{width}d}" for patient in one.patient[0]]}
        return pd.DataFrame(table | {name: one.column(name)[0] for name in self.codes})

    def take(self, numbers: Sequence[int]) -> Ensemble:
        """Select datasets, counted from 0."""
        rows = list(numbers)
        codes = {name: codes[rows] for name, codes in self.codes.items()}
        return Ensemble(self.n_vertebrae_of[rows], codes, self.values)


def from_tables(tables: Sequence[pd.DataFrame]) -> Ensemble:
    """Code tables with canonical columns."""
    numbers = [pd.factorize(table["patient_id"])[0] for table in tables]
    firsts = [np.flatnonzero(np.diff(number, prepend=-1)) for number in numbers]
    codes: dict[str, NDArray[np.uint8]] = {}
    values: dict[str, NDArray[Any]] = {}
    for name in (str(column) for column in tables[0] if column != "patient_id"):
        of_patient = columns()[name].unit_of_observation == "patient"
        cells = [table[name].to_numpy() for table in tables]
        stacked = np.array([cell[first] for cell, first in zip(cells, firsts, strict=True)] if of_patient else cells)
        # Strings of objects would need pickling, which no file for others may.
        stacked = stacked.astype(str) if stacked.dtype == object else stacked
        values[name], inverse = np.unique(stacked, return_inverse=True)
        if len(values[name]) > 256:
            raise failure("too_many_values", name=name, n=len(values[name]))
        codes[name] = inverse.reshape(stacked.shape).astype(np.uint8)
    sizes = np.array([np.bincount(number) for number in numbers], dtype=np.uint8)
    return Ensemble(sizes, codes, values)
