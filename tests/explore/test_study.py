from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from vpresearch.data import Dataset, Examined, examine, load
from vpresearch.explore import session
from vpresearch.explore.session import Given, member, moved, uploaded
from vpresearch.implied import shipped
from vpresearch.published import Paper
from vpresearch.scorecard import differing, scorecard


@pytest.mark.parametrize("source", ["drawn", "extreme"])
def test_a_member_is_what_its_file_would_be_read_as_and_satisfies_the_paper(paper: Paper, source: str) -> None:
    study, table = member(source, 2), shipped()[source].table(1)
    read = uploaded(Given(study.name, table.to_csv(index=False).encode()), drop_identifiers=False).dataset
    assert read is not None
    pd.testing.assert_frame_equal(study.rows, read.rows)
    assert (study.sha256, study.reconstruction) == (read.sha256, read.reconstruction)
    assert differing(scorecard(paper, study)) == []


def test_nothing_of_an_upload_stays_on_the_disk(
    workbook: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = workbook().read_bytes()
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    seen: list[Path] = []

    def watched(path: Path, **kind: bool) -> Examined:
        seen.append(path)
        return examine(path, **kind)

    monkeypatch.setattr(session, "examine", watched)
    found = uploaded(Given("../../etc/study.xlsx", content, b"paper: {}"), drop_identifiers=False)
    assert found.name == "study.xlsx"
    assert seen[0].is_relative_to(place)
    assert list(place.iterdir()) == []


def test_identifiers_are_refused_or_dropped(rows: list[dict[str, str]], write: Callable[..., Path]) -> None:
    named = [{**row, "nombre": "Ana"} for row in rows]
    content = write(named).read_bytes()
    assert uploaded(Given("a.csv", content), drop_identifiers=False).dataset is None
    dropped = uploaded(Given("a.csv", content), drop_identifiers=True).dataset
    assert dropped is not None
    assert "nombre" not in dropped.rows


def test_real_data_with_a_moved_vertebra_can_earn_no_reproduced(workbook: Callable[..., Path], paper: Paper) -> None:
    own = load(workbook())
    assert not own.reconstruction
    other = moved(own, 0, 24.8, 3.8, "yes")
    assert not [row for row in scorecard(paper, other) if row.verdict == "reproduced"]
    # The study itself is as it was.
    assert own.vertebrae["cement_volume_cc"][0] == 3.7


def test_a_moved_vertebra_moves_its_fill(drawn: Dataset) -> None:
    assert moved(drawn, 3, 40.0, 2.0, "no").rows["fill_percent"][3] == 5.0
