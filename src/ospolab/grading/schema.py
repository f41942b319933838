"""The version of nbgrader's tables, without starting a program.

A new gradebook is stamped with it, and nbgrader asks the program `alembic` for it: two to three seconds for every
learner who has their points counted, and for every class.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbgrader
from nbgrader import api

__all__ = ["newest", "read_from_files"]

VERSIONS = Path(nbgrader.__file__).parent / "alembic" / "versions"


def newest() -> str:
    """The id of the newest version: the one that no other follows. Raises ValueError if that is not one."""
    said = [
        dict(re.findall(r"""^(revision|down_revision)(?::[^=]*)? = ['"](\w+)['"]""", path.read_text("utf-8"), re.M))
        for path in VERSIONS.glob("*.py")
    ]
    heads = {one["revision"] for one in said if "revision" in one} - {one.get("down_revision") for one in said}
    if len(heads) != 1:
        raise ValueError(f"nbgrader's tables have {len(heads)} newest versions: {sorted(heads)}")
    return heads.pop()


def read_from_files() -> None:
    """Let nbgrader, in this process, read the version from its files."""
    api.get_alembic_version = newest
