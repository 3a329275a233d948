"""Figures: their style, caption and banner, and their files, the same bytes for the same figure."""

from __future__ import annotations

import io
import locale
import math
import re
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pandas as pd
import seaborn as sns
import typst
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure as Canvas
from matplotlib.font_manager import fontManager, get_font
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike, NDArray

from vpresearch.core.errors import visible
from vpresearch.core.files import put_all
from vpresearch.render import labels
from vpresearch.render.table import harmless_frame, steady

_PAGE = b"#set page(width: 170mm, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.drawing), width: 100%)"
_METRES_PER_INCH, _PER_METRE = 0.0254, 1
# Bytes of the signature and of the first chunk of a PNG.
_HEAD = 33
# Points that the title takes at the top.
_TITLE = 18


def typeset(source: bytes, told: Mapping[str, str], place: Path = Path(__file__).parent, **more: Any) -> bytes:
    """Set a page by typst, as PDF if nothing else is asked for."""
    # Only the letters that the compiler brings with it: the same pages on every machine.
    compiler = typst.Compiler(source, root=place, ignore_system_fonts=True, sys_inputs=dict(told))
    made = compiler.compile(**{"format": "pdf", "timestamp": 0, **more})
    if not isinstance(made, bytes):
        raise TypeError("a page is one file")
    return made


def printed(svg: bytes, kind: str) -> bytes:
    """Set a drawing as wide as two columns of a journal: as ``pdf``, in lines that no resolution coarsens, or ``png``.

    What is drawn once looks the same in every format.
    """
    told = {"drawing": svg.decode()}
    return typeset(_PAGE, told) if kind == "pdf" else with_resolution(typeset(_PAGE, told, format="png", ppi=DPI), DPI)


def with_resolution(png: bytes, dpi: int) -> bytes:
    """Say in a picture of how many dots an inch it is."""
    per_metre = round(dpi / _METRES_PER_INCH)
    return png[:_HEAD] + _chunk(b"pHYs", struct.pack(">2IB", per_metre, per_metre, _PER_METRE)) + png[_HEAD:]


def _cut_svg(svg: bytes) -> bytes:
    """Let a drawing of ours begin below its title."""
    size = re.search(rb'height="([\d.]+)pt" viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if size is None:
        raise ValueError("a drawing of another program")
    left = float(size[1]) - _TITLE
    return svg.replace(size[0], b'height="%.10gpt" viewBox="0 %d %s %.10g"' % (left, _TITLE, size[2], left), 1)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))


# Okabe and Ito's colours: apart for every kind of colour vision.
COLOURS = {"no": "#0072B2", "yes": "#D55E00"}
SITE_COLOURS = {
    "posterior": "#CC79A7",
    "lateral": "#F0E442",
    "anterior": "#56B4E9",
    "vascular": "#D55E00",
    "disc": "#009E73",
}
# What was seen among datasets with the published statistics.
WITNESSED = "#E69F00"
# How far what a reconstruction leaves free reaches.
BEYOND = "#CCCCCC"
_BANNER_COLOUR = "#9A3412"
# Dots an inch: what journals ask for.
DPI = 300
_MOST_PATHS = 1_000
_LONGEST_NAME = 50
KINDS = ("png", "svg")
# The font that comes with matplotlib, before one of the same name in the system, whose glyphs are numbered otherwise.
for _name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"):
    fontManager.addfont(Path(mpl.get_data_path()) / "fonts" / "ttf" / _name)
fontManager.ttflist.sort(key=lambda font: not font.fname.startswith(mpl.get_data_path()))


def _shape_by_no_locale() -> None:
    """Let HarfBuzz take its language, which it does once and for all, from no locale: it joins letters by it."""
    before = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C")
    try:
        get_font(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf").set_text("fi")
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


_shape_by_no_locale()


def drawable(name: str) -> str:
    """Write a name as a drawing can: short, as no formula, and in the signs that its font has."""
    font = get_font(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf")
    short = visible(name[:_LONGEST_NAME]) + ("…" if len(name) > _LONGEST_NAME else "")
    return "".join(sign if font.get_char_index(ord(sign)) else "?" for sign in short).replace("$", r"\$")


@dataclass(frozen=True, repr=False)
class Figure:
    """A drawn figure."""

    name: str
    canvas: Canvas
    data: pd.DataFrame
    caption: str
    reconstruction: bool
    row_level: bool = False
    fitted: bool = False
    counts: tuple[int, ...] = ()
    language: str = "es"
    # A notebook shows the picture that it has just written, and the report takes it as it is.
    _rendered: dict[str, bytes] = field(default_factory=dict, init=False, compare=False)

    def __repr__(self) -> str:
        # A notebook keeps it beside the picture: it must not hold the data.
        return f"<Figure {self.name}>"

    def _repr_png_(self) -> tuple[bytes, dict[str, str]]:
        # The words that a page puts in the picture's place for those who cannot see it.
        said = (self.caption, labels.banner(self.language, reconstruction=self.reconstruction))
        return self.to_bytes("png"), {"alt": ". ".join(filter(None, said))}

    def __getstate__(self) -> dict[str, Any]:
        for kind in KINDS:
            self.to_bytes(kind)
        return {name: value for name, value in self.__dict__.items() if name != "canvas"}

    def to_bytes(self, kind: str) -> bytes:
        """Render as ``png`` or ``svg``, the same bytes for the same figure."""
        if kind not in self._rendered:
            self._rendered[kind] = self._to_svg() if kind == "svg" else printed(self.to_bytes("svg"), kind)
        return self._rendered[kind]

    def untitled(self) -> bytes:
        """Render as SVG without the title, for where a caption says the same."""
        return _cut_svg(self.to_bytes("svg"))

    def _to_svg(self) -> bytes:
        buffer = io.BytesIO()
        with mpl.style.context("default"), mpl.rc_context({"svg.hashsalt": self.name}):
            # Nothing that tells of the day or the program.
            self.canvas.savefig(buffer, format="svg", dpi=DPI, metadata={"Date": None, "Creator": None})
        return buffer.getvalue()

    def to_csv(self) -> str:
        """Return the plotted data as CSV; a reconstruction says so in the first column of every row."""
        data = steady(self.data) if self.fitted else self.data.copy()
        if self.reconstruction:
            data.insert(0, "data", labels.text("data.reconstruction", "en"))
        return harmless_frame(data).to_csv(index=False, lineterminator="\n")

    def is_public(self, min_cell: int) -> bool:
        """Whether it shows no single vertebra or patient, and no count from 1 to below the one given."""
        return not self.row_level and not any(0 < count < min_cell for count in self.counts)


@dataclass(frozen=True)
class LeftOut:
    """What a public run shows in the place of a figure."""

    figure: Figure
    min_cell: int

    def _repr_markdown_(self) -> str:
        words = labels.text("footnote.left_out", self.figure.language, least=self.min_cell)
        return f"*{self.figure.caption}* – {words}"


def write(figure: Figure, folder: Path, min_cell: int = 0) -> Figure | LeftOut:
    """Write a figure as PNG and SVG, with the plotted data as CSV beside it."""
    data_folder, shown = folder, not min_cell or figure.is_public(min_cell)
    if min_cell or (figure.row_level and not figure.reconstruction):
        data_folder = folder.with_name("private")
    folder = folder if shown else data_folder
    drawn: dict[Path, bytes | str] = {folder / f"{figure.name}.{kind}": figure.to_bytes(kind) for kind in KINDS}
    put_all(drawn | {data_folder / f"{figure.name}.csv": figure.to_csv()})
    return figure if shown else LeftOut(figure, min_cell)


@contextmanager
def panels(
    reconstruction: bool, language: str, caption: str, n_panels: int, height: float
) -> Iterator[tuple[Canvas, list[Axes]]]:
    """Open a figure of panels side by side, with its style, caption and banner."""
    with _styled(reconstruction, language, caption, height) as canvas:
        yield canvas, list(canvas.subplots(1, n_panels, squeeze=False)[0])


@contextmanager
def stacked(
    reconstruction: bool, language: str, caption: str, shares: Sequence[float], height: float, *, apart: bool = False
) -> Iterator[tuple[Canvas, list[Axes]]]:
    """Open a figure of panels one above the other, on one horizontal axis or each on its own."""
    with _styled(reconstruction, language, caption, height) as canvas:
        grid = canvas.subplots(len(shares), 1, squeeze=False, sharex=not apart, height_ratios=shares)
        yield canvas, list(grid[:, 0])


def say_why(axes: Axes, words: str) -> None:
    """Say in the middle of a panel why nothing is drawn in it."""
    axes.text(0.5, 0.5, words, ha="center", va="center", fontsize=13, transform=axes.transAxes)


def legend_below(axes: Axes, n_columns: int, inches: float = 0.66, title: str | None = None) -> None:
    """Put the legend under the axes and their label; one of the whole figure would lie on the banner."""
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=axes.transAxes + ScaledTranslation(0, -inches, axes.figure.dpi_scale_trans),
        ncols=n_columns,
        title=title,
        frameon=False,
        fontsize=9.5,
        title_fontsize=9.5,
        borderaxespad=0,
    )


def localise(axis: Axis, most_ticks: int, language: str) -> None:
    """Put ticks at even steps of 1, 2 or 5, with the decimals that these need and the mark of the language."""
    axis.set_major_locator(MaxNLocator(most_ticks, steps=[1, 2, 5, 10]))

    def words(value: float, _: float) -> str:
        first, second, *_rest = axis.get_majorticklocs()
        return labels.number(value, max(0, -math.floor(math.log10(second - first) + 1e-9)), language)

    axis.set_major_formatter(words)


def many(n: int) -> bool:
    """Say whether points are so many that a vector file keeps them as a picture: as paths they would take minutes."""
    return n > _MOST_PATHS


def as_printed(values: ArrayLike, decimals: int) -> NDArray[np.float64]:
    """Round what is drawn as numbers are printed: whoever reads the coordinates of a file learns no more than these."""
    exact, scale = np.asarray(values, float), 10.0**decimals
    # A half may lie a bit below itself.
    return np.asarray(np.copysign(np.floor(np.abs(exact) * scale * (1 + 1e-14) + 0.5) / scale, exact))


def apart(n: int) -> NDArray[np.float64]:
    """Spread points across a strip one wide by the golden ratio: apart, and the same each time."""
    return np.asarray((np.arange(n) * 0.6180339887498949) % 1 - 0.5)


@contextmanager
def _styled(reconstruction: bool, language: str, caption: str, height: float) -> Iterator[Canvas]:
    # From the defaults, so that a reader's own style changes no byte.
    with mpl.style.context("default"), sns.axes_style("ticks"), sns.plotting_context("notebook"):
        canvas = Canvas(figsize=(10, height), layout="constrained")
        canvas.suptitle(caption, fontsize=13, fontweight="bold")
        yield canvas
        if reconstruction:
            banner = labels.text("banner.reconstruction", language)
            canvas.supxlabel(banner, fontsize=9, color=_BANNER_COLOUR, fontweight="bold")
        # Laid out once: each further drawing would move things by a hair. Then no engine is left, not even the one
        # called "none", for whose sake a figure would be drawn twice for every file.
        engine = canvas.get_layout_engine()
        if engine is not None:
            engine.execute(canvas)
        canvas.set_layout_engine(None)
