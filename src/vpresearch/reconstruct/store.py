"""The file of an ensemble: a plain .npz, small, and the same bytes on every machine."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpresearch.files import put
from vpresearch.project import ROOT
from vpresearch.reconstruct.ensemble import Ensemble
from vpresearch.telling import failure

ENSEMBLE = ROOT / "data" / "reconstructed" / "ensemble.npz"
_VERTEBRAE = "patient_n_vertebrae"


def ensemble_bytes(ensemble: Ensemble) -> bytes:
    """Give the content of an ensemble's file: a plain .npz, uncompressed and without dates.

    Parameters
    ----------
    ensemble : Ensemble

    Returns
    -------
    bytes
        The same for equal ensembles on every machine.
    """
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


def write_ensemble(ensemble: Ensemble, path: Path | str) -> None:
    """Write an ensemble's file, all or nothing.

    Parameters
    ----------
    ensemble : Ensemble
    path : pathlib.Path or str
    """
    put(Path(path), ensemble_bytes(ensemble))


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
