"""Writing a file so that a crash leaves the old one or the new one, never half of one."""

from __future__ import annotations

import os
from pathlib import Path

PARTIAL = ".ospolab-part"


def write(path: Path, content: bytes | str) -> None:
    """Replace `path` by `content` in one step; make its folder if needed. On OSError nothing has changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The process number: two kernels may write the same file at once.
    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    try:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
