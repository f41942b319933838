"""The papers an office issues. Each lab adds one for the learner's own organisation.

A paper is a Markdown file with front matter: the front matter is what other papers and checks read, the text is what
people read.
"""

from pathlib import Path

import yaml

from ospolab.learner import progress

__all__ = ["folder", "read", "write"]


def folder() -> Path:
    """Where papers go: `portfolio` of the learner's copy around the working folder, otherwise here."""
    here = Path.cwd()
    for above in (here, *here.parents):
        if (above / ".ospolab").is_dir():
            return above / "portfolio"
    return here / "portfolio"


def write(name: str, front: dict, body: str) -> Path:
    """Write the paper `name` (without ending) and return its path. An older one is replaced in one step, never half."""
    path = folder() / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=100)
    draft = path.with_suffix(".tmp")
    try:
        draft.write_text(f"---\n{head}---\n\n{body.strip()}\n", encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    progress.show(path.parent)
    return path


def read(name: str) -> tuple[dict, str]:
    """Front matter and text of the paper `name`. Raises FileNotFoundError; ValueError if it has no front matter."""
    path = folder() / f"{name}.md"
    text = path.read_text(encoding="utf-8")
    if not text.startswith("---\n") or "\n---\n" not in text[4:]:
        raise ValueError(f"{path.name} does not begin with front matter (a block between two lines of three dashes)")
    head, body = text[4:].split("\n---\n", 1)
    return yaml.safe_load(head) or {}, body.strip()
