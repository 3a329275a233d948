"""The table of the benchmarks: what a row says, and that a run replaces its own rows only."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import run
from benchmarks.bench_common import Row, medians


@pytest.mark.parametrize(
    ("row", "target", "met"),
    [
        (Row("a", 2.0, "s", "b", 6.0, least_ratio=3), "ratio 3", True),
        (Row("a", 2.1, "s", "b", 6.0, least_ratio=3), "ratio 3", False),
        (Row("a", 2.0, "s", "b", 6.0, least_ratio=3, most=1.5), "ratio 3, 1.5 s", False),
        (Row("a", 2.0, "MB", most=2.0), "2 MB", True),
        (Row("a", 2.0, least_ratio=3), "ratio 3", False),
        (Row("a", 2.0), "", None),
    ],
)
def test_a_row_knows_whether_its_aim_is_met(row: Row, target: str, met: bool | None) -> None:
    assert (row.target, row.met) == (target, met)


def test_works_alternate_and_each_has_its_median() -> None:
    order: list[str] = []
    found = medians({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, runs=3)
    assert order == ["a", "b"] * 3
    assert set(found) == {"a", "b"}


def test_a_run_replaces_its_own_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results.csv")
    old = [run.as_cells(name, Row(f"old {name}", 1.0), "a machine") for name in ("firth", "lattice")]
    run.write(old)
    new = run.as_cells("firth", Row("new firth", 2.0, "s", "peer", 5.0, 2), "another")
    run.keep("firth", [new])
    assert run.read() == [new, old[1]]
    run.show(run.read())
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == list(run.SHOWN)
    assert table[1].split() == ["new", "firth", "2", "s", "peer", "5", "2.5", "ratio", "2", "yes"]
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]


def test_an_unknown_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["nothing"]) == 2
    assert "lattice" in capsys.readouterr().err
    assert {"firth", "lattice", "start", "workers"} <= set(run.names())


def test_a_machine_is_described_and_not_named() -> None:
    import platform

    assert "Python 3" in run.machine()
    assert platform.node() not in run.machine()
