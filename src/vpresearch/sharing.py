"""What several processes of one run would compute alike is computed by the first of them, and read by the others."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from vpresearch.codec import from_bytes, to_bytes
from vpresearch.files import locked, put

P = ParamSpec("P")
T = TypeVar("T")

# The folder that a run shares; kernels and workers inherit it.
VARIABLE = "VPRESEARCH_SHARED"
_DIGEST = 32
# What is written so that another of the same kind is written otherwise.
_PLAIN = (str, bytes, bool, int, float, Fraction, Path, type(None))


@contextlib.contextmanager
def shared_by_all(folder: Path) -> Iterator[None]:
    """Let this process and those that it starts share what they compute.

    Parameters
    ----------
    folder : pathlib.Path
        A private one, which the caller removes: results of real data may hold patients' values.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def once(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function, or take what another process of this run has got from it.

    Parameters
    ----------
    function : callable
        Gives the same for the same arguments.
    *args, **kwargs
        Plain values, arrays, tables, and dataclasses of them. Of any others nothing is shared.

    Returns
    -------
    object
        Equal to the last bit whether computed or read.

    Examples
    --------
    >>> once(pow, 2, 10)
    1024
    """
    folder = os.environ.get(VARIABLE)
    try:
        parts = b"".join(_parts([function.__module__, function.__qualname__, args, kwargs])) if folder else b""
    except TypeError:
        parts = b""
    if not folder or not parts or not Path(folder).is_dir():
        return function(*args, **kwargs)
    place = Path(folder) / hashlib.sha256(parts).hexdigest()
    return keep(place, lambda: function(*args, **kwargs))


def keep(place: Path, make: Callable[[], T]) -> T:
    """Read a result, or make it and keep it; whoever comes meanwhile waits.

    Parameters
    ----------
    place : pathlib.Path
        File of the result, named after all that it hangs on; in a folder that nobody else can write in.
    make : callable

    Returns
    -------
    object
        Made anew where what is kept is not whole, and not kept where its bytes could not be read back as they are.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.with_name(f"{place.name}.lock")):
        kept: list[T] = list(_content(place))
        if kept:
            return kept[0]
        made = make()
        # Who cannot be kept is computed by each.
        with contextlib.suppress(TypeError):
            content = to_bytes(made)
            put(place, hashlib.sha256(content).digest() + content, private=True)
    return made


def _content(place: Path) -> Iterator[Any]:
    """Give what is kept, if anything is that can be read."""
    with contextlib.suppress(OSError, ValueError):
        kept = place.read_bytes()
        if hashlib.sha256(kept[_DIGEST:]).digest() == kept[:_DIGEST]:
            yield from_bytes(kept[_DIGEST:])


def _parts(value: Any) -> Iterator[bytes]:
    """Write a value so that two that differ are written otherwise, and two that are equal alike in every process."""
    kind = type(value).__qualname__
    if isinstance(value, _PLAIN):
        yield _framed(f"{kind} {value!r}".encode())
    elif isinstance(value, Mapping):
        yield _framed(f"{kind} {len(value)}".encode())
        for each in value.items():
            yield from _parts(each)
    elif isinstance(value, (list, tuple)):
        yield _framed(f"{kind} {len(value)}".encode())
        for each in value:
            yield from _parts(each)
    elif is_dataclass(value) and not isinstance(value, type):
        yield _framed(kind.encode())
        for name in fields(value):
            yield from _parts(getattr(value, name.name))
    elif hasattr(value, "to_csv"):
        yield _framed(f"{kind} {value.shape} {value.dtypes.tolist()}".encode())
        for part in (value.columns, value.index, *(value.iloc[:, place] for place in range(value.shape[1]))):
            yield _flat(part.tolist())
    elif hasattr(value, "tobytes"):
        content = _flat(value.ravel().tolist()) if value.dtype == object else value.tobytes()
        yield _framed(f"{kind} {value.dtype} {value.shape} ".encode() + content)
    else:
        raise TypeError(f"a {kind} cannot be told from another")


def _flat(values: list[Any]) -> bytes:
    for value in values:
        if not isinstance(value, _PLAIN):
            raise TypeError(f"a {type(value).__qualname__} cannot be told from another")
    return _framed(repr(values).encode())


def _framed(part: bytes) -> bytes:
    return len(part).to_bytes(8, "big") + part
