"""Frames between a student process and the judge: a length, and that many bytes of JSON.

Both sides import this module; neither believes the other. What may be in a frame is in `ospolab.grading.typed`.
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from typing import Any

__all__ = ["Closed", "TooLarge", "TooSlow", "receive", "send"]

HEAD = struct.Struct("!I")
LARGEST = 16_000_000  # bytes of a frame


class Closed(ConnectionError):
    """The other side has gone."""


class TooLarge(ValueError):
    """The other side sent more than a frame may hold, or something that is no frame."""


class TooSlow(TimeoutError):
    """The other side did not answer in time."""


def send(handle: int, content: Any) -> None:
    """Write one frame to a file descriptor. Raises Closed, and TooLarge for what the other side would not take."""
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if len(data) > LARGEST:
        raise TooLarge(f"{len(data):,} bytes; at most {LARGEST:,} can cross")
    view = memoryview(HEAD.pack(len(data)) + data)
    try:
        while view:
            view = view[os.write(handle, view) :]
    except OSError as error:
        raise Closed(str(error)) from None


def receive(handle: int, seconds: float | None = None) -> Any:
    """Read one frame, waiting at most `seconds` for all of it. Raises Closed, TooLarge, TooSlow."""
    until = None if seconds is None else time.monotonic() + seconds
    (size,) = HEAD.unpack(_exactly(handle, HEAD.size, until))
    if size > LARGEST:
        raise TooLarge(f"{size:,} bytes; at most {LARGEST:,} can cross")
    data = _exactly(handle, size, until)
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise TooLarge("something that is no frame") from None


def _exactly(handle: int, size: int, until: float | None) -> bytes:
    parts, left = [], size
    while left:
        if until is not None:
            wait = until - time.monotonic()
            if wait <= 0 or not select.select([handle], [], [], wait)[0]:
                raise TooSlow
        try:
            part = os.read(handle, min(left, 1 << 20))
        except OSError as error:
            raise Closed(str(error)) from None
        if not part:
            raise Closed("the connection was closed")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
