from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter

from vpresearch import figures
from vpresearch.data import Dataset
from vpresearch.results import Results


def test_a_picture_is_what_matplotlib_draws_at_the_size_of_a_journal(shipped: Dataset) -> None:
    figure, own = figures.figure1(Results(shipped), "es"), io.BytesIO()
    figure.canvas.savefig(own, format="png", dpi=300)
    with Image.open(io.BytesIO(figure.to_bytes("png"))) as picture, Image.open(own) as drawn:
        assert [round(dots) for dots in picture.info["dpi"]] == [300, 300]
        # Letters fall on other fractions of a dot: what is compared is what an eye sees from afar.
        seen, expected = (
            np.asarray(each.convert("RGB").resize(picture.size).filter(ImageFilter.GaussianBlur(12)), float)
            for each in (picture, drawn)
        )
    assert np.abs(seen - expected).max() < 40
    assert np.ptp(expected) > 200
