from __future__ import annotations

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from vpresearch import figures
from vpresearch.data import Dataset
from vpresearch.render.figure import encode
from vpresearch.results import Results

_SHAPES = st.tuples(st.integers(1, 140), st.integers(1, 9), st.just(3))


def decoded(content: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.mode == "RGB"
        return np.asarray(picture)


@given(arrays(np.uint8, _SHAPES))
def test_another_program_reads_the_pixels_that_were_written(pixels: NDArray[np.uint8]) -> None:
    assert np.array_equal(decoded(encode(pixels, 300)), pixels)


def test_the_file_tells_its_dots_an_inch() -> None:
    with Image.open(io.BytesIO(encode(np.zeros((2, 3, 3), np.uint8), 300))) as picture:
        assert [round(dots) for dots in picture.info["dpi"]] == [300, 300]


def test_a_figure_has_the_pixels_of_matplotlibs_own(shipped: Dataset) -> None:
    figure = figures.figure1(Results(shipped), "es")
    own = io.BytesIO()
    figure.canvas.savefig(own, format="png", dpi=300)
    with Image.open(own) as picture:
        assert np.array_equal(decoded(figure.to_bytes("png")), np.asarray(picture.convert("RGB")))
