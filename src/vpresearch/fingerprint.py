"""What tells the project's own datasets wherever they turn up, whatever their rows and columns are called."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from vpresearch.project import RECONSTRUCTION

SUFFIX = ".fingerprints"


def fingerprint(vertebral_volume_cc: ArrayLike, cement_volume_cc: ArrayLike, leaked: ArrayLike) -> str:
    """Summarise the measurements of a dataset, in any order of its vertebrae.

    Parameters
    ----------
    vertebral_volume_cc, cement_volume_cc : array_like of float, shape (n_vertebrae,)
    leaked : array_like of bool, shape (n_vertebrae,)

    Returns
    -------
    str

    Examples
    --------
    >>> fingerprint([20.1, 30.2], [1.5, 2], [True, False]) == fingerprint([30.2, 20.1], [2.0, 1.5], [False, True])
    True
    """
    columns = [np.asarray(column, float) for column in (vertebral_volume_cc, cement_volume_cc, leaked)]
    rows = sorted(",".join(f"{value:.4f}" for value in row) for row in zip(*columns, strict=True))
    return hashlib.blake2b("\n".join(rows).encode(), digest_size=12).hexdigest()


def fingerprints_bytes(found: Iterable[str]) -> bytes:
    """Give the content of a file of fingerprints.

    Parameters
    ----------
    found : iterable of str

    Returns
    -------
    bytes
        One a line, sorted.
    """
    return "".join(f"{each}\n" for each in sorted(set(found))).encode()


def is_reconstruction(found: str) -> bool:
    """Tell whether a fingerprint is that of a dataset that the compendium ships.

    Parameters
    ----------
    found : str

    Returns
    -------
    bool
    """
    return found in _shipped()


@cache
def _shipped() -> frozenset[str]:
    files = sorted(RECONSTRUCTION.parent.glob(f"*{SUFFIX}"))
    return frozenset(line for file in files for line in file.read_text(encoding="ascii").split())
