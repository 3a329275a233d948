from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from vpresearch.core import files
from vpresearch.core.errors import InputError
from vpresearch.core.files import alone, file_digest, put, put_all, remove_left, staging

on_posix = pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions, and no such locks")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_only_the_content_counts(tmp_path: Path) -> None:
    one, other = tmp_path / "a.txt", tmp_path / "b.csv"
    for path in (one, other):
        path.write_bytes(b"the same")
    assert file_digest(one) == file_digest(other) != ""
    other.write_bytes(b"the same\n")
    assert file_digest(one) != file_digest(other)
    assert file_digest(tmp_path / "none") == file_digest(tmp_path) == ""


# -- one file ----------------------------------------------------------------------------------------------------


@on_posix
@pytest.mark.parametrize(("private", "expected"), [(True, 0o600), (False, 0o644)])
def test_what_holds_rows_is_for_its_owner_alone(tmp_path: Path, private: bool, expected: int) -> None:
    before = os.umask(0o022)
    try:
        put(tmp_path / "new" / "a.csv", "ñ\n", private=private)
    finally:
        os.umask(before)
    assert (tmp_path / "new" / "a.csv").read_bytes() == "ñ\n".encode()
    assert mode(tmp_path / "new" / "a.csv") == expected
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.csv"]


def test_all_files_are_written_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("old", encoding="utf-8")
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        put_all({tmp_path / "a.csv": "new", tmp_path / "file" / "b.csv": "new"})
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv", "file"}

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"a\.csv"):
        put(tmp_path / "a.csv", "new")
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv", "file"}


@on_posix
def test_many_who_write_one_file_each_leave_it_whole(tmp_path: Path) -> None:
    contents = [str(n) * 20_000 for n in range(8)]
    threads = [threading.Thread(target=put, args=(tmp_path / "a", content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a").read_text(encoding="utf-8") in contents
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


# -- one run -----------------------------------------------------------------------------------------------------


HOLDS = """
import sys, time
from pathlib import Path
from vpresearch.core.files import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@on_posix
def test_a_second_run_in_a_folder_is_refused_and_a_dead_one_is_not_waited_for(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path / "out")], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(InputError) as caught, alone(tmp_path / "out"):
            pytest.fail("both run")
        assert [problem.code for problem in caught.value.problems] == ["in_use"]
        assert caught.value.source == "out"
        holder.kill()
    assert (tmp_path / "out" / "private" / "lock").exists()
    with alone(tmp_path / "out"):
        pass
    # The folder was there before.
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "private"]


def test_nothing_is_left_of_a_run_that_made_nothing(tmp_path: Path) -> None:
    with alone(tmp_path / "new" / "out"), staging(tmp_path / "new" / "out"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_matplotlib_that_cannot_be_written_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for given, used in ((tmp_path / "file" / "mpl", False), (tmp_path / "mpl", True)):
        monkeypatch.setenv("MPLCONFIGDIR", str(given))
        with staging(tmp_path):
            assert (os.environ["MPLCONFIGDIR"] == str(given)) == used
        assert os.environ["MPLCONFIGDIR"] == str(given)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere matplotlib has one folder, at home")
@pytest.mark.parametrize("name", ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HOME"])
def test_a_home_that_cannot_be_written_is_not_asked_for_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for each in ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with staging(tmp_path):
        assert "MPLCONFIGDIR" not in os.environ
    (tmp_path / "file").touch()
    monkeypatch.setenv(name, str(tmp_path / "file"))
    with staging(tmp_path) as place:
        assert Path(os.environ["MPLCONFIGDIR"]).is_relative_to(place)
    assert "MPLCONFIGDIR" not in os.environ


@on_posix
def test_temporary_files_are_private_and_gone_afterwards(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o755)
    (tmp_path / "private" / "old.csv").write_text("rows", encoding="utf-8")
    before = {name: os.environ.get(name) for name in files._OF_OTHERS}, tempfile.gettempdir()
    with staging(tmp_path) as place:
        assert place.parent == tmp_path / "private"
        assert mode(place.parent) == mode(place) == 0o700
        assert Path(tempfile.mkdtemp()).is_relative_to(place)
        asked = "import tempfile; print(tempfile.gettempdir())"
        told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()
        assert Path(told).is_relative_to(place)
        (place / "rows.csv").write_text("rows", encoding="utf-8")
    assert ({name: os.environ.get(name) for name in files._OF_OTHERS}, tempfile.gettempdir()) == before
    assert [(path.name, mode(path)) for path in (tmp_path / "private").iterdir()] == [("old.csv", 0o600)]


def test_every_command_removes_what_a_dead_run_left_wherever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_RUNNING", tmp_path / "running")
    # No process has such a number.
    name = f".staging-{2**31 - 1}-x"
    left, strange = tmp_path / "out" / "private" / name, tmp_path / "precious" / name
    for place in (left, strange):
        place.mkdir(parents=True)
        (place / "rows.csv").write_text("rows", encoding="utf-8")
    put(tmp_path / "running" / name, str(left))
    with staging(tmp_path / "other") as alive:
        remove_left()
        assert alive.exists()
        assert not left.exists()
        assert [path.name for path in (tmp_path / "running").iterdir()] == [alive.name]
        # Nobody has a folder removed that is no run's.
        put(tmp_path / "running" / name, str(strange))
        put(tmp_path / "running" / f"{name}y", str(left.parent))
        remove_left()
    assert strange.exists()
    assert left.parent.exists()
