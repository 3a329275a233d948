from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.parallel.cache import VARIABLE, _parts, once, shared_by_all

CALLS: list[object] = []


@dataclass(frozen=True)
class Pair:
    first: object
    second: object


def half(value: float) -> float:
    CALLS.append(value)
    return value / 2


def slowly(value: object) -> object:
    CALLS.append(value)
    time.sleep(0.2)
    return value


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    CALLS.clear()
    with shared_by_all(tmp_path / "shared"):
        yield tmp_path / "shared"


def entries(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix != ".lock"]


def test_what_was_computed_is_not_computed_again(folder: Path) -> None:
    assert [once(half, 3.0), once(half, 3.0), once(half, 5.0)] == [1.5, 1.5, 2.5]
    assert CALLS == [3.0, 5.0]
    assert len(entries(folder)) == 2


def test_outside_of_a_run_nothing_is_kept(tmp_path: Path) -> None:
    CALLS.clear()
    with shared_by_all(tmp_path / "shared"):
        pass
    assert VARIABLE not in os.environ
    assert [once(half, 3.0), once(half, 3.0)] == [1.5, 1.5]
    assert CALLS == [3.0, 3.0]
    assert entries(tmp_path / "shared") == []


def test_a_folder_that_is_gone_is_not_made_again(folder: Path) -> None:
    folder.rmdir()
    assert once(half, 3.0) == 1.5
    assert not folder.exists()


@pytest.mark.parametrize("damage", [b"", b"x", pickle.dumps(9.0)])
def test_an_entry_that_is_not_whole_is_made_anew(folder: Path, damage: bytes) -> None:
    once(half, 3.0)
    (entry,) = entries(folder)
    whole = entry.read_bytes()
    entry.write_bytes(damage)
    assert once(half, 3.0) == 1.5
    assert entry.read_bytes() == whole
    entry.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert once(half, 3.0) == 1.5
    assert CALLS == [3.0] * 3


def test_who_comes_meanwhile_waits(folder: Path) -> None:
    with ThreadPoolExecutor(3) as together:
        assert list(together.map(lambda _: once(slowly, "a"), range(3))) == ["a"] * 3
    assert CALLS == ["a"]


def test_who_is_killed_keeps_nobody_waiting(folder: Path) -> None:
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[1]); import test_sharing as t\n"
        "def end(_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "t.half.__code__ = end.__code__; t.half.__globals__.update(os=os, signal=signal); t.once(t.half, 3.0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(Path(__file__).parent)], check=False)
    assert done.returncode
    assert list(folder.glob("*.lock"))
    assert entries(folder) == []
    assert once(half, 3.0) == 1.5


def test_what_cannot_be_told_apart_is_not_shared(folder: Path) -> None:
    for value in (object(), {"a": [object()]}, np.array([object()]), lambda: 1):
        once(slowly, value)
        once(slowly, value)
    assert len(CALLS) == 8
    assert entries(folder) == []


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=3)
    | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner) | st.builds(Pair, inner, inner),
    max_leaves=6,
)


@given(VALUES, VALUES)
def test_values_are_written_alike_if_they_are_equal_and_of_one_kind(first: object, second: object) -> None:
    written = [b"".join(_parts(value)) for value in (first, second, pickle.loads(pickle.dumps(first)))]
    assert written[0] == written[2]
    assert (written[0] == written[1]) == (repr(first) == repr(second))


def test_tables_and_arrays_are_told_apart_by_every_bit() -> None:
    table = pd.DataFrame({"a": [0.1, 0.2], "b": ["x", None]})
    others = [
        table,
        table.assign(a=[0.1, np.nextafter(0.2, 1)]),
        table.rename(columns={"a": "c"}),
        table.iloc[::-1],
        table.assign(b=pd.Categorical(["x", None])),
        table.assign(b=pd.Series(["1", None], dtype=object)),
        table.assign(b=pd.Series([1, None], dtype=object)),
        np.array([1, 2]),
        np.array([1.0, 2.0]),
        np.array([[1, 2]]),
        np.array([1, 2], dtype=np.int32),
    ]
    assert len({b"".join(_parts(each)) for each in others}) == len(others)
    assert b"".join(_parts(table)) == b"".join(_parts(pickle.loads(pickle.dumps(table))))
