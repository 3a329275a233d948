"""How files are written: whole or not at all, for their owner alone where they hold rows, and by one run at a time."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import BinaryIO

from vpresearch.core.errors import refused
from vpresearch.core.paths import BUILD

try:
    import fcntl
except ImportError:
    # Windows: nobody waits for another, and the last one's file stays.
    fcntl = None  # type: ignore[assignment]

PRIVATE = "private"
_STAGING = ".staging-"
# Where the staging folders are, so that every command can remove those of dead runs.
_RUNNING = BUILD / PRIVATE / "running"
_OPEN_FILES, _LEAST_OPEN_FILES = 1024, 128
# Seconds in which what a killed run has started ends.
_GRACE = 5.0
# What Python, Jupyter and IPython write by themselves.
_OF_OTHERS = ("TMPDIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


# -- one file ----------------------------------------------------------------------------------------------------


@contextmanager
def locked(path: Path, *, private: bool = True, wait: bool = True) -> Iterator[BinaryIO]:
    """Open a file that nobody else holds meanwhile; the system frees it when its holder ends, however it ends."""
    while True:
        with open(path, "ab", opener=partial(os.open, mode=0o600 if private else 0o666)) as file:
            if fcntl is not None:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                except BlockingIOError:
                    raise
                except OSError:
                    # The file system knows no locks.
                    pass
            if _is_still(path, file):
                yield file
                return


def _is_still(path: Path, file: BinaryIO) -> bool:
    """Return whether a file was not moved or removed by who held it before."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def put(path: Path, content: bytes | str, *, private: bool = False) -> None:
    """Write a file, whole or not at all."""
    put_all({path: content}, private=private)


def put_all(contents: Mapping[Path, bytes | str], *, private: bool = False) -> None:
    """Write files, each aside before any takes its place."""
    asides = {path: path.with_name(f".{path.name}.part") for path in contents}
    try:
        with ExitStack() as held:
            for path, content in contents.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                file = held.enter_context(locked(asides[path], private=private))
                file.truncate(0)
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                if fcntl is None:
                    # Windows moves no file that is open.
                    file.close()
            for path, aside in asides.items():
                os.replace(aside, path)
    except BaseException as error:
        for path, aside in asides.items():
            if isinstance(error, OSError) and error.filename in (None, str(aside)):
                error.filename = str(path)
            with suppress(OSError):
                aside.unlink()
        raise


# -- one run -----------------------------------------------------------------------------------------------------


def _allow_open_files() -> None:
    """Ask the system for as many open files as a run needs: copies of this process talk to it by several each."""
    try:
        import resource
    except ImportError:
        # Windows has no such limit.
        return
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if least != resource.RLIM_INFINITY and least < _OPEN_FILES:
        wanted = _OPEN_FILES if most == resource.RLIM_INFINITY else min(_OPEN_FILES, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
        if wanted < _LEAST_OPEN_FILES:
            raise refused("vpresearch", "too_many_files")


@contextmanager
def alone(records: Path) -> Iterator[None]:
    """Be the only run that writes in a folder."""
    _allow_open_files()
    with _private_folder(records) as private, ExitStack() as held:
        lock, end = private / "lock", monotonic() + _GRACE
        while True:
            try:
                file = held.enter_context(locked(lock, wait=False))
                break
            except BlockingIOError:
                # What a dead run has started ends soon.
                if monotonic() > end or _runs(_number(lock.read_bytes()), lock):
                    raise refused(records.name, "in_use") from None
                sleep(0.05)
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        try:
            yield
        finally:
            with suppress(OSError):
                lock.unlink()


@contextmanager
def staging(records: Path) -> Iterator[Path]:
    """Open a folder that is gone afterwards, whatever happens, for all that is written until it is finished."""
    with _private_folder(records) as private:
        remove_left(records)
        place = Path(tempfile.mkdtemp(prefix=f"{_STAGING}{os.getpid()}-", dir=private)).resolve()
        # Otherwise matplotlib makes a folder here by itself, and stumbles at exit because it is gone.
        names = _OF_OTHERS if _pictures_kept() else (*_OF_OTHERS, "MPLCONFIGDIR")
        before, tempdir = {name: os.environ.get(name) for name in names}, tempfile.tempdir
        try:
            with suppress(OSError):
                put(_RUNNING / place.name, str(place), private=True)
            others = place / "tmp"
            others.mkdir()
            os.environ |= dict.fromkeys(names, str(others))
            tempfile.tempdir = None
            yield place
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                os.environ |= {name: value} if value is not None else {}
            tempfile.tempdir = tempdir
            shutil.rmtree(place, ignore_errors=True)
            with suppress(OSError):
                (_RUNNING / place.name).unlink(missing_ok=True)
            _close(private)


def _pictures_kept() -> bool:
    """Whether matplotlib can write in the folders that it will take: the one it was given, or those of the user."""
    if given := os.environ.get("MPLCONFIGDIR"):
        return _can_be_filled(Path(given))
    if not sys.platform.startswith(("linux", "freebsd")):
        return _can_be_filled(Path("~", ".matplotlib").expanduser())
    asked = {".config": "XDG_CONFIG_HOME", ".cache": "XDG_CACHE_HOME"}
    return all(_can_be_filled(Path(os.environ.get(name) or f"~/{own}").expanduser()) for own, name in asked.items())


def _can_be_filled(folder: Path) -> bool:
    """Whether a folder can be written in, or be made."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return there.is_dir() and os.access(there, os.W_OK)


@contextmanager
def _private_folder(records: Path) -> Iterator[Path]:
    """Open the private part of a folder to its owner alone."""
    private = records / PRIVATE
    made = [folder for folder in (private, *private.parents) if not folder.exists()]
    private.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(PermissionError):
        # It may be another's.
        private.chmod(0o700)
    try:
        yield private
    finally:
        for folder in made:
            # A folder that this run made and left empty says that something finished; nothing did.
            with suppress(OSError):
                folder.rmdir()


def holds_records(folder: Path) -> bool:
    """Return whether a run has written in a folder, or began to."""
    known = ("state.json", "lock", "finished", "failed", "computed")
    return any((folder / PRIVATE / name).exists() for name in known) or any((folder / PRIVATE).glob(f"{_STAGING}*"))


def _close(private: Path) -> None:
    """Keep what stays in a private folder from everybody but its owner."""
    for folder, _, names in os.walk(private):
        for place, mode in ((folder, 0o700), *((os.path.join(folder, name), 0o600) for name in names)):
            with suppress(OSError):
                if os.stat(place, follow_symlinks=False).st_mode & 0o777 != mode:
                    os.chmod(place, mode)


def remove_left(records: Path | None = None, *, also: int = -1) -> None:
    """Remove what runs that were killed have left: in a folder, and wherever else they are known to have been."""
    with suppress(OSError):
        noted = {note: Path(note.read_text(encoding="utf-8")) for note in _RUNNING.glob(f"{_STAGING}*")}
        # Whoever can write a note must not have other folders removed.
        places = [place for note, place in noted.items() if place.name == note.name and place.parent.name == PRIVATE]
        if records is not None:
            places += [*records.glob(f"{_STAGING}*"), *(records / PRIVATE).glob(f"{_STAGING}*")]
        for place in places:
            number = _number(place.name.removeprefix(_STAGING).split("-")[0].encode())
            if number == also or not _runs(number, place):
                shutil.rmtree(place, ignore_errors=True)
        for note, place in noted.items():
            if not place.exists():
                note.unlink(missing_ok=True)


def _number(text: bytes) -> int:
    return int(text) if text.isdigit() else -1


def _runs(number: int, made: Path) -> bool:
    """Return whether the process of a number that made something still runs; another may have its number by now."""
    import psutil

    try:
        process = psutil.Process(number)
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= made.stat().st_mtime)
    except (psutil.Error, ValueError, OSError):
        return False
