"""Running a cell of a student's in the student process, and what it shows, in the form of a notebook."""

from __future__ import annotations

import base64
import contextlib
import io
import signal
import sys
import traceback
from collections.abc import Iterator
from typing import Any

__all__ = ["OutOfTime", "run", "stop", "within"]

SHOWN = 100_000  # characters or base64 characters of one output
OUTPUTS = 50  # of one cell


class OutOfTime(KeyboardInterrupt):
    """A cell or a call has run for too long. No Exception, so that `except Exception` does not keep it."""


def stop(number: int, frame: object) -> None:
    """What a timer's signal does. Raises OutOfTime."""
    raise OutOfTime


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the block when it has run for so long."""
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class _Said(io.TextIOBase):
    """Keeps the first `SHOWN` characters that are written to it."""

    def __init__(self):
        self.parts, self.left, self.cut = [], SHOWN, False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.left > 0:
            self.parts.append(text[: self.left])
        self.cut = self.cut or len(text) > self.left
        self.left -= len(text)
        return len(text)

    def text(self) -> str:
        return "".join(self.parts) + ("\n... more was written than is kept ..." if self.cut else "")


def run(shell: Any, source: str, seconds: float) -> list[dict]:
    """Run a cell; returns its outputs in the form of a notebook, cut to what is worth keeping."""
    said, shell.display_pub.outputs = _Said(), []
    errors: list[dict] = []

    def keep(exc_tuple: Any = None, *_: object, **__: object) -> None:
        errors.append(_error(*(exc_tuple or sys.exc_info()), seconds))

    shell.showtraceback = shell.showsyntaxerror = keep
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            with within(seconds):
                shell.run_cell(source, store_history=False)
        except OutOfTime:
            keep()
        _figures(shell)
    shown = [_shown(output) for output in list(shell.display_pub.outputs)[:OUTPUTS]]
    streams = [{"output_type": "stream", "name": "stdout", "text": text}] if (text := said.text()) else []
    return [*streams, *filter(None, shown), *errors[:1]]


def _figures(shell: Any) -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    for number in pyplot.get_fignums()[:5] if pyplot else ():
        picture = io.BytesIO()
        with contextlib.suppress(Exception):
            pyplot.figure(number).savefig(picture, format="png", bbox_inches="tight", dpi=72)
            data = {"image/png": base64.b64encode(picture.getvalue()).decode()}
            shell.display_pub.outputs.append({"data": data, "metadata": {}})
    if pyplot:
        pyplot.close("all")


def _shown(output: Any) -> dict | None:
    data = output.get("data", {}) if isinstance(output, dict) else {}
    # Neither HTML nor JavaScript: a page of the instructor's shows this.
    kept = {kind: text for kind in ("text/plain", "image/png") if isinstance(text := data.get(kind), str)}
    if len(kept.get("image/png", "")) > 10 * SHOWN:
        del kept["image/png"]
    if "text/plain" in kept:
        kept["text/plain"] = str(kept["text/plain"])[:SHOWN]
    return {"output_type": "display_data", "metadata": {}, "data": kept} if kept else None


def _error(kind: type, error: BaseException, trace: Any, seconds: float) -> dict:
    """An error as a notebook keeps it: from the cell down, without the machinery above it."""
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith(("<ipython", "/tmp/ipykernel")):
        trace = trace.tb_next
    if isinstance(error, OutOfTime):
        lines = [f"This cell was stopped: it had run for {seconds:g} seconds."]
    elif shown := getattr(error, "_render_traceback_", None):
        lines = [str(line) for line in shown()]
    else:
        lines = "".join(traceback.format_exception(kind, error, trace, limit=20, chain=False)).splitlines()
    lines = lines if len(lines) <= 60 else [*lines[:30], "...", *lines[-30:]]
    return {"output_type": "error", "ename": kind.__name__[:200], "evalue": str(error)[:2_000],
            "traceback": [line[:2_000] for line in lines]}  # fmt: skip
