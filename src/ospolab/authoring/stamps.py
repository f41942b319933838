"""What something was built from, as a digest that is kept beside it: whether it has to be built again."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

SKIPPED = {".ipynb_checkpoints", "__pycache__"}


def fingerprint(root: Path, sources: Iterable[str], *others: str) -> str:
    """A digest of files and folders below `root`, and of other words that decide."""
    digest = hashlib.sha256()
    for source in sources:
        start = root / source
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            if path.is_file() and not SKIPPED & set(path.parts):
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    for word in others:
        digest.update(word.encode() + b"\0")
    return digest.hexdigest()


def read(path: Path) -> str | None:
    """The digest in a file, None if there is none."""
    return path.read_text("utf-8") if path.is_file() else None
