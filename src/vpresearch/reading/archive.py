"""The zip archive that a workbook is: what it would unpack to, before anything unpacks it."""

from __future__ import annotations

import contextlib
import io
import zipfile

from vpresearch.reading.file import MAX_BYTES
from vpresearch.telling import refused

_MOST_MEMBERS = 2_000
_MOST_READ = 100_000
# Old workbooks and those with a password are OLE containers, whatever the name says.
_STRICT = b"purl.oclc.org/ooxml"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def look_into(name: str, content: bytes) -> None:
    """Refuse an archive that is none, holds macros, or unpacks to more than a study can be.

    Parameters
    ----------
    name : str
        Name of the file.
    content : bytes

    Raises
    ------
    InputError

    Notes
    -----
    The declared sizes suffice: `zipfile` never unpacks more of a member than its declared size.

    Examples
    --------
    >>> look_into("study.xlsx", b"no archive")
    Traceback (most recent call last):
        ...
    vpresearch.errors.InputError: study.xlsx: 1 problem
      1. The file ends in .xlsx but cannot be read as an Excel workbook. Open it in Excel and save it as .xlsx.
    """
    if content.startswith(_OLE):
        raise refused(name, "locked_workbook")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            strict = _is_strict(archive)
    except Exception:
        # A damaged directory fails in many ways, and all of them mean the same to its owner.
        raise refused(name, "not_a_workbook") from None
    if len(members) > _MOST_MEMBERS or sum(member.file_size for member in members) > MAX_BYTES:
        raise refused(name, "too_large", megabytes=MAX_BYTES // 1024**2)
    if any(member.filename.casefold().endswith("vbaproject.bin") for member in members):
        raise refused(name, "macros")
    if strict:
        raise refused(name, "strict_workbook")


def _is_strict(archive: zipfile.ZipFile) -> bool:
    """Tell whether Excel saved the workbook in the strict form of its format, whose parts have other names inside."""
    with contextlib.suppress(KeyError), archive.open("_rels/.rels") as part:
        return _STRICT in part.read(_MOST_READ)
    return False
