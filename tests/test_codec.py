from __future__ import annotations

import ast
import math
import pickle
import struct
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.parts import source
from vpresearch.core.reported import Interval, Reported
from vpresearch.implied import Intervals
from vpresearch.parallel.cache import from_bytes, to_bytes
from vpresearch.scorecard import Computed, Note

PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.binary(max_size=4)
) | st.fractions()
DTYPES = hnp.scalar_dtypes() | hnp.unicode_string_dtypes(max_len=3)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, min_side=0, max_side=3)).map(
    lambda array: np.asfortranarray(array) if array.ndim > 1 else array
)
COLUMNS = (
    st.lists(st.floats(), min_size=3, max_size=3)
    | st.lists(st.text(max_size=2), min_size=3, max_size=3)
    | st.lists(st.none() | st.text(max_size=2), min_size=3, max_size=3).map(lambda c: pd.Series(c, dtype=object))
    | st.lists(st.none() | st.integers(0, 9), min_size=3, max_size=3).map(lambda c: pd.array(c, dtype="Int64"))
)
INDEXES = st.sampled_from(
    [
        pd.RangeIndex(1, 7, 2, name="n"),
        pd.Index(["a", "b", "a"], name="id"),
        pd.Index(["1", "2", None], dtype=object),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["x", None]),
    ]
)
TABLES = st.builds(
    lambda columns, index: pd.DataFrame(columns).set_axis(index),
    st.dictionaries(st.text(max_size=2), COLUMNS, min_size=1, max_size=3),
    INDEXES,
)
VALUES = st.recursive(
    PLAIN | ARRAYS | TABLES | hnp.from_dtype(np.dtype("f4")) | st.just(Reported("27,0")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=2) | st.tuples(st.integers(), st.text(max_size=1)), inner, max_size=2)
        | st.builds(lambda value: Note("code", {"value": value}), inner)
        | st.builds(lambda low: Interval(low, None), inner)
        | st.builds(lambda value: Intervals(value, 1.0, value, 2), inner)
    ),
    max_leaves=6,
)


def same(one: object, other: object) -> bool:
    """Tell whether two values are of one kind and alike to the last bit, one NaN like another."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float) and isinstance(other, float):
        return (math.isnan(one) and math.isnan(other)) or struct.pack("d", one) == struct.pack("d", other)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        bits = [(each.dtype, each.shape, each.flags.f_contiguous, each.tobytes()) for each in (one, other)]
        return all(map(same, one.ravel(), other.ravel())) if one.dtype == object else bits[0] == bits[1]
    if isinstance(one, pd.DataFrame) and isinstance(other, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True, check_column_type=True)
        return all(map(same, one.to_dict("list").items(), other.to_dict("list").items()))
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return same(list(one.items()), list(other.items()))
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__)
    return one == other


@given(VALUES)
def test_what_is_written_is_read_to_the_last_bit(value: object) -> None:
    assert same(from_bytes(to_bytes(value)), value)


def test_what_is_read_can_be_written_in() -> None:
    array = from_bytes(to_bytes(np.zeros(3)))
    array[0] = 1.0
    assert array.tolist() == [1.0, 0.0, 0.0]


def test_nothing_but_values_is_written() -> None:
    class Stranger(Note):
        pass

    for value in (object(), len, Note, {1}, np.array([(1, 2)], dtype="i4,i4"), [Stranger("a", {})], 1j):
        with pytest.raises(TypeError, match="cannot be kept"):
            to_bytes([value])


def damaged() -> Iterator[bytes]:
    whole = to_bytes([Computed(1.5, Note("p", {})), np.ones(2), Fraction(1, 3)])
    yield from (b"", b"x", pickle.dumps(1), whole[:-1], whole + b"x", whole[:40], whole.replace(b"own", b"out"))
    # Nothing else of the package, and nothing of any other, may be called.
    for module, name in (("os", "system"), ("vpresearch.cli", "main"), ("vpresearch.cli", "argparse.Namespace")):
        changed = whole.replace(b"vpresearch.scorecard", module.encode()).replace(b'"Computed"', f'"{name}"'.encode())
        place = len(b"vpresearch result 1\n")
        size = int.from_bytes(whole[place : place + 8], "big") + len(changed) - len(whole)
        yield changed[:place] + size.to_bytes(8, "big") + changed[place + 8 :]
    yield whole.replace(b'"values"', b'"secret"')
    yield whole.replace(b'"<f8"', b'"|O8"')


@pytest.mark.parametrize("content", list(damaged()))
def test_strange_bytes_hold_no_result(content: bytes) -> None:
    with pytest.raises(ValueError, match="no result can be read"):
        from_bytes(content)


def test_nothing_that_is_read_can_run() -> None:
    """Of the modules that make objects by calling what a file names, none is used."""
    found = []
    for place, tree in source().items():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [f"{place}: {name}" for name in names if name in {"pickle", "marshal", "shelve", "joblib", "dill"}]
            if isinstance(node, ast.Attribute) and node.attr in {"read_pickle", "to_pickle"}:
                found.append(f"{place}: {node.attr}")
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                found += [] if isinstance(node.value, ast.Constant) and node.value.value is False else [place]
    assert found == []
