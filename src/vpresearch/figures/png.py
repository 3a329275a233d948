"""PNG of large drawings, written in a fraction of the time that it takes to look for the fewest bytes."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EIGHT_BITS_RGB = (8, 2, 0, 0, 0)
_METRES_PER_INCH, _PER_METRE = 0.0254, 1
# Every row as what it adds to the one above: of a drawing, mostly nothing.
_UP = 2
# Rows that stay near the processor from one step to the next.
_ROWS = 64


def encode(pixels: NDArray[np.uint8], dpi: int) -> bytes:
    """Write a picture as PNG without loss.

    Parameters
    ----------
    pixels : numpy.ndarray
        Rows by columns by red, green and blue.
    dpi : int
        Dots an inch.

    Returns
    -------
    bytes
        The same for the same pixels and the same zlib.

    References
    ----------
    ISO/IEC 15948:2004, Portable Network Graphics.

    Examples
    --------
    >>> encode(np.zeros((1, 1, 3), np.uint8), 300)[1:4]
    b'PNG'
    """
    height, width, _ = pixels.shape
    per_metre = round(dpi / _METRES_PER_INCH)
    return b"".join(
        [
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">2I5B", width, height, *_EIGHT_BITS_RGB)),
            _chunk(b"pHYs", struct.pack(">2IB", per_metre, per_metre, _PER_METRE)),
            _chunk(b"IDAT", _squeezed(pixels.reshape(height, -1))),
            _chunk(b"IEND", b""),
        ]
    )


def _squeezed(rows: NDArray[np.uint8]) -> bytes:
    squeezing = zlib.compressobj(1)
    filtered = np.full((_ROWS, rows.shape[1] + 1), _UP, np.uint8)
    above = np.zeros_like(rows[:1])
    parts = []
    for start in range(0, len(rows), _ROWS):
        block = rows[start : start + _ROWS]
        np.subtract(block[:1], above, out=filtered[:1, 1:])
        np.subtract(block[1:], block[:-1], out=filtered[1 : len(block), 1:])
        parts.append(squeezing.compress(filtered[: len(block)].data))
        above = block[-1:]
    return b"".join([*parts, squeezing.flush()])


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
