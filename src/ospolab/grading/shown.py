"""What a page of nbgrader's may show of a submission: text and pictures, nothing that a browser would obey."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["Answered", "cleaned", "displayed", "failure", "harmless", "printed"]

SHOWN = 50_000  # characters of what a test prints


def harmless(markdown: str) -> str:
    """Markdown whose HTML and links are shown instead of obeyed: one reads where a link leads, and it leads nowhere."""
    text = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", markdown)
    text = re.sub(r"\]\s*(?=[(:\[])", "]\u2060", text)  # a word joiner: nothing to see, and no link any more
    # What MathJax, which the pages load, would make a link or an attribute of.
    return re.sub(r"\\(?=(?:href|url|require|html|style|class|cssId|data|unicode)\b)", r"\\ ", text)


def failure(kind: str, message: str) -> dict:
    """An error as a notebook keeps it, without a traceback."""
    return {"output_type": "error", "ename": kind, "evalue": message, "traceback": [f"{kind}: {message}"]}


def printed(text: str) -> list[dict]:
    """What was printed, as outputs of a notebook."""
    return [{"output_type": "stream", "name": "stdout", "text": text[:SHOWN]}] if text else []


def displayed(shell: Any, said: str, result: Any) -> list[dict]:
    """What a cell of the course printed and gave, as outputs of a notebook."""
    outputs = printed(said)
    if result is not None:
        data, _ = shell.display_formatter.format(result)
        # HTML and widgets of the course may hold words of the student's; what stays is shown as text.
        kept = {kind: data[kind] for kind in ("text/markdown", "text/plain", "image/png") if kind in data}
        if "text/markdown" in kept:
            kept["text/markdown"] = harmless(kept["text/markdown"])
        if isinstance(kept.get("image/png"), bytes):
            kept["image/png"] = base64.b64encode(kept["image/png"]).decode()
        outputs.append({"output_type": "display_data", "metadata": {}, "data": kept})
    return outputs


def cleaned(output: Any) -> dict:
    """An output of the student's, with exactly the parts that one of its kind has. Raises TypeError."""
    match output:
        case {"output_type": "stream", "text": str(said)}:
            return {"output_type": "stream", "name": "stdout", "text": _text(said)}
        case {"output_type": "error", "ename": str(kind), "evalue": str(message), "traceback": list(lines)}:
            lines = [_text(line) for line in lines]
            return {"output_type": "error", "ename": _text(kind), "evalue": _text(message), "traceback": lines}
        case {"output_type": "display_data", "data": dict(data)}:
            kept = {kind: _text(data[kind]) for kind in ("text/plain", "image/png") if isinstance(data.get(kind), str)}
            return {"output_type": "display_data", "metadata": {}, "data": kept}
    raise TypeError("an output of no known kind")


def _text(value: Any) -> str:
    return "".join(c for c in str(value) if c >= " " or c in "\n\t")


class Answered:
    """Stands for a form, which cannot be clicked on the page of a grader: shows what was answered."""

    def __init__(self, task: str):
        self.task = task

    def __repr__(self) -> str:
        from ospolab.forms import AnswersError, store

        try:
            values = store.read(self.task).values
        except AnswersError as error:
            return str(error)
        return "\n".join(_lines(values)) or "Nothing was answered."


def _lines(value: Any, indent: str = "") -> Iterator[str]:
    for key, part in value.items():
        if isinstance(part, dict) and any(isinstance(inner, dict) for inner in part.values()):
            yield f"{indent}{key}:"
            yield from _lines(part, indent + "  ")
        elif isinstance(part, dict):
            yield f"{indent}{key}: " + ", ".join(f"{name} {inner}" for name, inner in part.items())
        else:
            yield f"{indent}{key}: {', '.join(map(str, part)) if isinstance(part, list) else part}"
