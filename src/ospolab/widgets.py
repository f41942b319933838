"""What forms and quizzes are made of: Markdown, radio buttons, their look, and a readable picture for the book."""

from __future__ import annotations

import html
import re
from functools import cache
from importlib.resources import files

import ipywidgets
import traitlets
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "typographer": False})
_BLANK = "ospolab-empty"


def inline(text: str) -> str:
    """HTML of inline Markdown; HTML in it is shown as it is written."""
    return _MARKDOWN.renderInline(" ".join(text.split()))


def block(text: str) -> str:
    """HTML of Markdown with paragraphs and lists."""
    return _MARKDOWN.render(text)


def plain(text: str) -> str:
    """Inline Markdown without its marks, for controls that can show text only."""
    return html.unescape(re.sub(r"<[^>]*>", "", inline(text)))


@cache
def _asset(name: str) -> str:
    return files("ospolab").joinpath(name).read_text(encoding="utf-8")


def style() -> str:
    """The <style> element of forms and quizzes."""
    return f"<style>{_asset('widgets.css')}</style>"


def dressing() -> ipywidgets.HTML:
    """Style and behaviour of the `.ospolab` box it is put into, once in each.

    HTML that a widget shows runs no <script>, but a style sheet that has loaded calls its onload.
    """
    script = "const root = this.closest('.ospolab');\n" + _asset("widgets.js")
    return markup(style().replace("<style>", f'<style onload="{html.escape(script)}">'), "ospolab-dressing")


def markup(value: str = "", *classes: str) -> ipywidgets.HTML:
    """A piece of HTML with CSS classes."""
    piece = ipywidgets.HTML(value)
    for name in classes:
        piece.add_class(name)
    return piece


class Told(ipywidgets.HTML):
    """A line that screen readers announce when it changes; takes no room while it is empty."""

    def __init__(self, *classes: str):
        super().__init__()
        for name in ("ospolab-told", *classes, _BLANK):
            self.add_class(name)

    def tell(self, value: str) -> None:
        """Show `value`, which is HTML; "" clears."""
        if value != self.value:
            self.value = value
            (self.remove_class if value else self.add_class)(_BLANK)


class Choose(ipywidgets.VBox):
    """One of several, as radio buttons. options: (value, Markdown) pairs. `value` is the chosen one's; else None."""

    value = traitlets.Any(None, allow_none=True)

    def __init__(self, options: list[tuple[object, str]]):
        self._values = [value for value, _ in options]
        self.radio = ipywidgets.RadioButtons(
            options=[(plain(text), at) for at, (_, text) in enumerate(options)], index=None
        )
        rich = "".join(f"<span>{inline(text)}</span>" for _, text in options)
        super().__init__([self.radio, markup(f"<template>{rich}</template>", _BLANK)])
        self.add_class("ospolab-radio")
        self.radio.observe(self._chosen, "index")

    def _chosen(self, change) -> None:
        self.value = None if change.new is None else self._values[change.new]

    @traitlets.validate("value")
    def _known(self, proposal):
        return proposal.value if proposal.value in self._values else None

    @traitlets.observe("value")
    def _set(self, change) -> None:
        self.radio.index = None if change.new is None else self._values.index(change.new)

    def disable(self, disabled: bool) -> None:
        self.radio.disabled = disabled


class Board(ipywidgets.VBox):
    """A box of widgets that is also a readable, unchanging piece of HTML where nothing runs."""

    def __init__(self, children, *classes: str):
        super().__init__([dressing(), *children])
        for name in ("ospolab", *classes):
            self.add_class(name)

    def picture(self) -> str:
        """The HTML for a page on which no kernel runs. The same in every run, whatever has been answered."""
        raise NotImplementedError

    def summary(self) -> str:
        """One line of text for the same place."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        return {**bundle, "text/plain": self.summary(), "text/html": self.picture()}
