from __future__ import annotations

from pathlib import Path

from vpresearch.files import file_digest


def test_a_file_has_the_digest_of_its_content(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    # The example of FIPS 180-4.
    assert file_digest(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_file_that_is_gone_has_no_digest(tmp_path: Path) -> None:
    assert file_digest(tmp_path / "gone") == ""
