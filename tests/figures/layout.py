from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Collection

from matplotlib.text import Text

from vpresearch.figures import Figure
from vpresearch.render import labels

Seen = Callable[[Figure], list[Text]]


def digest(content: bytes) -> str:
    """Shorten what nobody wants to see compared byte by byte."""
    return hashlib.sha256(content).hexdigest()


def faults(figure: Figure, texts: list[Text]) -> list[str]:
    """Texts beyond the canvas, and pairs of texts that touch."""
    canvas = figure.canvas.bbox
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    found = [
        f"{words!r} is not on the canvas"
        for words, box in boxes
        if not (box.x0 >= 0 and box.y0 >= 0 and box.x1 <= canvas.width and box.y1 <= canvas.height)
    ]
    for (words, box), (others, other) in itertools.combinations(boxes, 2):
        across = min(box.x1, other.x1) - max(box.x0, other.x0)
        along = min(box.y1, other.y1) - max(box.y0, other.y0)
        if across > 0.5 and along > 0.5:
            found.append(f"{words!r} is on {others!r}")
    return found


def assert_sound(draw: Callable[[str], Figure], seen: Seen, same: Collection[str] = ()) -> None:
    """Draw in both languages; check layout, caption, banner, words, numbers, and that the same comes out again."""
    spanish, english = (draw(language) for language in ("es", "en"))
    words = {}
    for language, figure in (("es", spanish), ("en", english)):
        texts = seen(figure)
        assert faults(figure, texts) == []
        words[language] = [text.get_text() for text in texts]
        assert figure.caption in words[language]
        banner = labels.text("banner.reconstruction", language)
        assert words[language].count(banner) == figure.reconstruction
    assert len(words["es"]) == len(words["en"])
    equal = {word for word, other in zip(words["es"], words["en"], strict=True) if word == other}
    assert {word for word in equal - set(same) if re.search("[A-Za-z]", word)} == set()
    for mark, language in ((r"\.", "es"), (",", "en")):
        assert {word for word in words[language] if re.search(rf"\d{mark}\d", word)} <= set(same)
    assert spanish.to_csv() == english.to_csv()
    assert digest(draw("es").to_bytes("svg")) == digest(spanish.to_bytes("svg"))
    assert digest(spanish.to_bytes("png")) == digest(spanish.to_bytes("png"))
