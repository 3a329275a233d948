"""What a run computes once: kept in a format that cannot carry code, and read by every process that needs it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import wraps
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, ParamSpec, TypeVar

from vpresearch.core.files import locked, put

_PACKAGE = __name__.split(".", maxsplit=1)[0]
_BEGINS = b"vpresearch result 1\n"
_LENGTH = 8
# Of numpy's kinds those without Python objects or fields: truth values, numbers, dates, text and bytes.
_KINDS = frozenset("biufcmMSU")


def to_bytes(value: object) -> bytes:
    """Write a result."""
    writer = _Writer()
    tree = writer.node(value)
    head = json.dumps([writer.classes, [len(part) for part in writer.parts], tree], separators=(",", ":")).encode()
    return b"".join([_BEGINS, len(head).to_bytes(_LENGTH, "big"), head, *writer.parts])


def from_bytes(content: bytes) -> Any:
    """Read a result, equal to the one that was written to the last bit."""
    start = len(_BEGINS) + _LENGTH
    end = start + int.from_bytes(content[len(_BEGINS) : start], "big")
    try:
        classes, sizes, tree = json.loads(content[start:end])
        parts = []
        for size in sizes:
            parts.append(content[end : end + size])
            end += size
        if not content.startswith(_BEGINS) or end != len(content):
            raise ValueError("the bytes are not whole")
        return _Reader([_known(*each) for each in classes], parts).value(tree)
    except Exception as error:
        # Whatever it is that strange bytes break, they hold no result.
        raise ValueError("no result can be read from these bytes") from error


class _Writer:
    """Turns values into what JSON holds; all but plain values become lists that begin with a word for their kind."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.classes: list[tuple[str, str, list[str]]] = []
        self._numbers: dict[tuple[type, tuple[str, ...]], int] = {}

    def node(self, value: Any) -> Any:
        """Turn one value."""
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        if kind is list or kind is tuple:
            return [kind.__name__, *map(self.node, value)]
        if kind is dict:
            return ["dict", *(self.node(part) for pair in value.items() for part in pair)]
        if kind is bytes:
            return ["bytes", self._part(value)]
        if kind is Fraction:
            return ["fraction", value.numerator, value.denominator]
        return self._own(value) or self._of_numpy(value) or self._of_pandas(value)

    def _own(self, value: Any) -> list[Any] | None:
        kind = type(value)
        if kind.__module__.split(".")[0] != _PACKAGE:
            return None
        if is_dataclass(kind):
            # A class may leave out what is of use in one process alone.
            own = "__getstate__" in vars(kind)
            state = value.__getstate__() if own else {each.name: getattr(value, each.name) for each in fields(value)}
        elif hasattr(kind, "_asdict"):
            state = value._asdict()
        else:
            return None
        number = self._numbers.setdefault((kind, tuple(state)), len(self.classes))
        if number == len(self.classes):
            self.classes.append((kind.__module__, kind.__qualname__, list(state)))
        return ["own", number, *map(self.node, state.values())]

    def _of_numpy(self, value: Any) -> list[Any] | None:
        # What was never imported has made none of these.
        np = sys.modules.get("numpy")
        if np is None or not isinstance(value, (np.generic, np.ndarray)):
            return None
        if isinstance(value, np.generic):
            return ["scalar", self._array(np.asarray(value))]
        return self._array(value)

    def _array(self, array: Any) -> list[Any]:
        if array.dtype == object:
            return ["objects", list(array.shape), *map(self.node, array.ravel().tolist())]
        if array.dtype.kind not in _KINDS:
            raise TypeError(f"an array of {array.dtype} cannot be kept")
        # The order in memory may decide the last bit of a sum.
        order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
        return ["array", array.dtype.str, list(array.shape), order, self._part(array.tobytes(order))]

    def _of_pandas(self, value: Any) -> list[Any]:
        pd = sys.modules.get("pandas")
        if pd is not None and type(value) is pd.DataFrame:
            columns = (self._column(value.iloc[:, at]) for at in range(value.shape[1]))
            return ["table", self._index(value.index), self._index(value.columns), *columns]
        if pd is not None and type(value) is pd.Series:
            return ["series", self._index(value.index), self.node(value.name), self._column(value)]
        raise TypeError(f"a {type(value).__qualname__} cannot be kept")

    def _column(self, values: Any) -> list[Any]:
        if str(values.dtype) == "str":
            return ["words", self._array(values.to_numpy(dtype=object))]
        if hasattr(values.dtype, "numpy_dtype"):
            # Of pandas' own, which know what is missing.
            plain = values.to_numpy(dtype=values.dtype.numpy_dtype, na_value=0)
            return ["masked", str(values.dtype), self._array(plain), self._array(values.isna().to_numpy())]
        if not hasattr(values.dtype, "str"):
            raise TypeError(f"a column of {values.dtype} cannot be kept")
        return self._array(values.to_numpy())

    def _index(self, index: Any) -> list[Any]:
        pd: Any = sys.modules["pandas"]
        if type(index) is pd.RangeIndex:
            return ["range", index.start, index.stop, index.step, self.node(index.name)]
        if type(index) is pd.MultiIndex:
            return ["levels", self.node(list(index.names)), *map(self.node, index.tolist())]
        if type(index) is pd.Index:
            return ["index", self.node(index.name), self._column(index)]
        raise TypeError(f"a {type(index).__qualname__} cannot be kept")

    def _part(self, content: bytes) -> int:
        self.parts.append(content)
        return len(self.parts) - 1


class _Reader:
    """The way back: nothing is called but what stands in the table below, and no class but the package's is made."""

    def __init__(self, classes: list[tuple[type, list[str]]], parts: list[bytes]) -> None:
        self._classes = classes
        self._parts = parts
        self._makers: Mapping[str, Callable[..., Any]] = MappingProxyType(
            {
                "list": lambda *nodes: self._values(nodes),
                "tuple": lambda *nodes: tuple(self._values(nodes)),
                "dict": lambda *nodes: dict(zip(self._values(nodes[::2]), self._values(nodes[1::2]), strict=True)),
                "bytes": lambda at: self._parts[at],
                "fraction": Fraction,
                "own": self._own,
                "scalar": lambda node: self.value(node)[()],
                "array": self._array,
                "objects": self._objects,
                "words": lambda node: self._pandas.array(self.value(node), dtype="str"),
                "masked": self._masked,
                "range": self._range,
                "levels": self._levels,
                "index": self._index,
                "table": self._table,
                "series": self._series,
            }
        )

    def value(self, node: Any) -> Any:
        """Make one value."""
        return self._makers[node[0]](*node[1:]) if isinstance(node, list) else node

    def _values(self, nodes: Any) -> list[Any]:
        return [self.value(node) for node in nodes]

    def _own(self, number: int, *nodes: Any) -> Any:
        kind, names = self._classes[number]
        state = dict(zip(names, self._values(nodes), strict=True))
        if not is_dataclass(kind):
            return kind(**state)
        # Not by its constructor, which may compute again, or not take, what it was given.
        made = object.__new__(kind)
        for name, value in state.items():
            object.__setattr__(made, name, value)
        return made

    def _array(self, dtype: str, shape: list[int], order: Literal["C", "F"], at: int) -> Any:
        import numpy as np

        if np.dtype(dtype).kind not in _KINDS:
            raise ValueError(dtype)
        # A copy, since others may write in what they get.
        return np.frombuffer(self._parts[at], dtype).reshape(shape, order=order).copy(order)

    def _objects(self, shape: list[int], *nodes: Any) -> Any:
        import numpy as np

        made = np.empty(len(nodes), dtype=object)
        made[:] = self._values(nodes)
        return made.reshape(shape)

    def _masked(self, dtype: str, plain: Any, missing: Any) -> Any:
        made = self._pandas.array(self.value(plain), dtype=dtype)
        made[self.value(missing)] = self._pandas.NA
        return made

    def _range(self, start: int, stop: int, step: int, name: Any) -> Any:
        return self._pandas.RangeIndex(start, stop, step, name=self.value(name))

    def _levels(self, names: Any, *nodes: Any) -> Any:
        return self._pandas.MultiIndex.from_tuples(self._values(nodes), names=self.value(names))

    def _index(self, name: Any, node: Any) -> Any:
        values = self.value(node)
        return self._pandas.Index(values, dtype=values.dtype, name=self.value(name))

    def _series(self, index: Any, name: Any, node: Any) -> Any:
        values = self.value(node)
        # Of its own kind: words among objects would become another.
        return self._pandas.Series(values, self.value(index), dtype=values.dtype, name=self.value(name))

    def _table(self, index: Any, columns: Any, *nodes: Any) -> Any:
        made = self._pandas.DataFrame({at: self._series(None, None, node) for at, node in enumerate(nodes)})
        # Where there is no column, nothing else says how many rows there are.
        made = made if nodes else self._pandas.DataFrame(index=self.value(index))
        made.index, made.columns = self.value(index), self.value(columns)
        return made

    @property
    def _pandas(self) -> Any:
        return import_module("pandas")


def _known(module: str, name: str, names: list[str]) -> tuple[type, list[str]]:
    """Find a class of the package that holds such values; no other is taken, nor anything else of a module."""
    if module.split(".")[0] != _PACKAGE:
        raise ValueError(module)
    kind: Any = import_module(module)
    for part in name.split("."):
        kind = vars(kind)[part]
    held = {each.name for each in fields(kind)} if is_dataclass(kind) else set(kind._fields)
    left_out = "__getstate__" in vars(kind)
    if not isinstance(kind, type) or not (set(names) <= held if left_out else set(names) == held):
        raise ValueError(name)
    return kind, names


P = ParamSpec("P")
T = TypeVar("T")

# The folder that a run shares; kernels and workers inherit it.
VARIABLE = "VPRESEARCH_SHARED"
_DIGEST = 32
# What is written so that another of the same kind is written otherwise.
_PLAIN = (str, bytes, bool, int, float, Fraction, Path, type(None))


@contextlib.contextmanager
def shared_by_all(folder: Path) -> Iterator[None]:
    """Let this process and those that it starts share what they compute."""
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
    """Call a function, or take what another process of this run has got from it."""
    return once_as([function.__module__, function.__qualname__, args, kwargs], lambda: function(*args, **kwargs))


def once_as(key: list[Any], make: Callable[[], T]) -> T:
    """Make something, or take what another process of this run has made under that key."""
    folder = os.environ.get(VARIABLE)
    try:
        parts = b"".join(_parts(key)) if folder else b""
    except TypeError:
        parts = b""
    if not folder or not parts or not Path(folder).is_dir():
        return make()
    return keep(Path(folder) / hashlib.sha256(parts).hexdigest(), make)


def made_once(make: Callable[P, T]) -> Callable[P, T]:
    """Let one process of a run make something, and the others take it."""

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> T:
        return once(make, *args, **kwargs)

    return made


def keep(place: Path, make: Callable[[], T]) -> T:
    """Read a result, or make it and keep it; whoever comes meanwhile waits."""
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
    """Return what is kept, if anything is that can be read."""
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
