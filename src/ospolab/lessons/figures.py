"""Pictures that read in light and dark pages, without a network, and to those who do not see them.

    from ospolab.lessons.figures import canvas, figure
    fig, ax = canvas()
    ax.plot(...)
    figure(fig, alt="What the picture shows, in a sentence or two.", caption="What to notice, and the source.")

A figure is inline SVG. Its text and axes take the colour of the page's own text, which a PNG cannot.
"""

from __future__ import annotations

import hashlib
import html
import io
import re
from typing import TYPE_CHECKING

# matplotlib is imported where something is drawn: in a browser it has to be fetched, and not every figure needs it.
if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

__all__ = ["BLUE", "GREEN", "ORANGE", "PURPLE", "Figure", "canvas", "figure", "sketch"]

# From the palette of Okabe and Ito, told apart with every common kind of colour vision; each has at least 3:1
# contrast to a white and to a near-black page. Colour is never the only sign: lines are labelled or differ in dash.
BLUE, ORANGE, GREEN, PURPLE = "#2a7fc0", "#d55e00", "#009169", "#b0689c"

# Stands for "the colour of the text around"; no drawing uses it for anything else.
_INK = "#010203"
# 4.5:1 on white, and on black nearly 4.7:1.
_ALONE = "#767676"

_STYLE = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 11,
    "font.family": "sans-serif",
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    # Text stays text: it can be searched, and it is read in the page's own font.
    "svg.fonttype": "none",
    # The same drawing gives the same file, so that strict comparison has something to compare.
    "svg.hashsalt": "ospolab",
}


def canvas(width: float = 7.5, height: float = 3.4, **subplots):
    """A new drawing and its axes, in the course's style. width and height in inches; `subplots` as in matplotlib."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Drawing

    with mpl.rc_context(_STYLE):
        drawing = Drawing(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(drawing)
        return drawing, drawing.subplots(**subplots)


class Figure:
    """A drawing with its text alternative and caption, shown as inline SVG."""

    def __init__(self, svg: str, alt: str, caption: str = ""):
        self.svg, self.alt, self.caption = svg, alt, caption

    def to_html(self) -> str:
        """The whole <figure> element."""
        caption = f"<figcaption>{html.escape(self.caption, quote=False)}</figcaption>" if self.caption else ""
        return f'<figure class="ospolab-figure">{self.svg}{caption}</figure>'

    def to_file(self) -> str:
        """The drawing as an SVG file of its own, in a grey that reads on white and on black: no page lends it ink."""
        names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        plain = re.sub(r'\s*xmlns(:xlink)?="[^"]*"', " ", self.svg)
        return plain.replace("<svg ", f'<svg {names} color="{_ALONE}" ', 1) + "\n"

    def _repr_mimebundle_(self, **_):
        return {"text/html": self.to_html(), "text/plain": f"Figure: {self.alt}"}


def figure(drawing: Drawing, alt: str, caption: str = "") -> Figure:
    """Turn a matplotlib drawing into a Figure.

    alt: what the picture shows, for those who do not see it; required. caption: what to notice, and the source.
    Raises ValueError for an empty alt.
    """
    import matplotlib as mpl

    if not alt.strip():
        raise ValueError("a figure needs a text alternative: say in alt what the picture shows")
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE):
        drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return Figure(_inline(buffer.getvalue(), alt), alt, caption)


def sketch(body: str, width: float, height: float, alt: str, caption: str = "") -> Figure:
    """A Figure of SVG elements put down by hand, for what is no plot: boxes, signs, words. Needs no matplotlib.

    body: the elements, in points, their text and lines in "currentColor". Raises ValueError for an empty alt.
    """
    if not alt.strip():
        raise ValueError("a figure needs a text alternative: say in alt what the picture shows")
    size = f"width:100%;max-width:{width:.0f}pt;height:auto;fill:currentColor"
    font = 'font-family="sans-serif" font-size="11"'
    opening = (
        f'<svg role="img" aria-label="{html.escape(alt)}" style="{size}" viewBox="0 0 {width:g} {height:g}" {font}>'
    )
    return Figure(f"{opening}\n{body}\n</svg>", alt, caption)


def _inline(svg: str, alt: str) -> str:
    """SVG that may stand in a page beside others: no prologue, its own ids, the page's text colour, a name."""
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    own = "f" + hashlib.sha256((svg + alt).encode()).hexdigest()[:8]
    svg = re.sub(r'(\sid="|url\(#|href="#)', rf"\1{own}-", svg)
    width = re.search(r'width="([\d.]+)pt"', svg).group(1)
    # Text that a drawing left without a colour, such as a legend's, would be black.
    size = f"width:100%;max-width:{float(width):.0f}pt;height:auto;fill:currentColor"
    opening = f'<svg role="img" aria-label="{html.escape(alt)}" style="{size}"'
    svg = re.sub(r'\s(width|height)="[\d.]+pt"', "", svg, count=2)
    return opening + re.sub(r"\n\s*", "\n", svg[len("<svg") :]).strip()
