"""The picture a lesson opens with, kept as it was drawn: in a browser it is there before anything heavy is loaded.

`python -m ospolab.authoring.openings` draws them anew; on a machine of one's own they are drawn when they are shown.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path

from ospolab.browser import IS_BROWSER
from ospolab.lessons.figures import Figure

__all__ = ["FOLDER", "kept"]

FOLDER = Path(__file__).with_name("openings")


def kept(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Let the `opening` of a lesson's views show what is kept of it, in a browser; asked for another one, it draws."""
    path = FOLDER / f"{draw.__module__.rpartition('.')[2]}.json"

    @functools.wraps(draw)
    def opening(*asked, **also) -> Figure:
        if IS_BROWSER and not asked and not also:
            return Figure(**json.loads(path.read_text(encoding="utf-8")))
        return draw(*asked, **also)

    return opening
