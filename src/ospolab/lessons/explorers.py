"""A view in which moving a control changes the conclusion.

A lesson writes one function from the values of the controls to a figure and a sentence. The Explorer shows it live in
JupyterLab, by mouse and by keyboard; in the published book it is its starting state, as a picture with a way to run it.
"""

import html
from collections.abc import Callable

import ipywidgets

from ospolab.lessons.figures import Figure
from ospolab.widgets import Board, Told, markup

__all__ = ["Explorer"]


class Explorer(Board):
    """Controls above, a conclusion in words, the figure below.

    view: takes the controls' values by name, returns (sentence as HTML, Figure). It has no side effects and answers
    every combination of values. controls: {name: ipywidget with a description and a value}. name: for screen readers.
    """

    def __init__(self, name: str, view: Callable[..., tuple[str, Figure]], controls: dict[str, ipywidgets.Widget]):
        self.name, self.view, self.controls = name, view, controls
        # The picture is taken before anyone moves anything: a page without a kernel shows the starting state.
        self._start = {key: (control.description, _shown(control)) for key, control in controls.items()}
        self._start_sentence, self._start_figure = view(**{key: control.value for key, control in controls.items()})
        self.sentence = Told("ospolab-conclusion")
        self.picture_now = markup(self._start_figure.to_html())
        self.sentence.tell(self._start_sentence)
        for control in controls.values():
            control.style = {"description_width": "11em"}
            control.layout = ipywidgets.Layout(width="min(100%, 34em)")
            control.observe(self._moved, "value")
        super().__init__([*controls.values(), self.sentence, self.picture_now], "ospolab-explorer")

    def _moved(self, _change) -> None:
        sentence, figure = self.view(**{key: control.value for key, control in self.controls.items()})
        self.sentence.tell(sentence)
        self.picture_now.value = figure.to_html()

    def picture(self) -> str:
        settings = "; ".join(f"{html.escape(label)}: {html.escape(value)}" for label, value in self._start.values())
        return (
            f'<div class="ospolab-explorer" role="group" aria-label="{html.escape(self.name)}">'
            f"<p>{self._start_sentence}</p>{self._start_figure.to_html()}"
            f"<p><small>Starting state: {settings}. To move the controls, run this cell (▶) in JupyterLab. "
            "<em>Run it in the browser</em>, on the page of this lesson, opens one; so does <code>make learn</code>."
            "</small></p></div>"
        )

    def summary(self) -> str:
        return f"{self.name}: {self._start_figure.alt}"


def _shown(control: ipywidgets.Widget) -> str:
    return str(getattr(control, "label", None) or control.value)
