"""Stack_Data, an invented tool for a storeroom: a repository in which things have to be found before a release.

The history is data, so that nothing here needs git; `built` makes a real repository of it. All of it is invented: the
key opens nothing, hosts end in .example, addresses are those kept for documentation, nobody was born on these days.
Dedicated to the public domain under CC0-1.0.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from ospolab import doorstep, gitwork

__all__ = [
    "EXAMPLE_KEY",
    "FINDINGS",
    "HOST",
    "KEY",
    "PACKAGE",
    "SUBJECTS",
    "Step",
    "built",
    "history",
    "opened",
    "steps",
]

PACKAGE = "Stack_Data"
# In pieces, so that no scanner of a forge takes this file for a leak: one is invented, the other one is Amazon's own
# example, printed in its documentation.
KEY = "-".join(["TESTKEY", "0000", "4711"])
EXAMPLE_KEY = "".join(["AKIA", "IOSFODNN7", "EXAMPLE"])
HOST = "inventory.corp.example"

# REUSE-IgnoreStart: what follows belongs to the repository that is built, not to this file.
HEADER = "# SPDX-License-Identifier: MIT\n"
LICENSE = f"Copyright (c) 2025 the authors of Stack_Data\n\n{doorstep.MIT}"
PLAN = f"{HEADER}def plan(boxes, shelves):\n    return dict(zip(boxes, shelves))\n"
CLIENT = f"""\
from configparser import ConfigParser

HOST = "https://{HOST}/boxes"


def key(path="config/settings.ini"):
    settings = ConfigParser(interpolation=None)
    settings.read(path)
    return settings["inventory"]["key"]
"""
SCALE = """\
// Copyright (c) 2019 the authors of scale.js. All rights reserved.
// Use of this source code is governed by a BSD-style licence that can be found in the LICENSE file.
export const scale = (weight) => Math.min(1, weight / 40);
"""
SIGN = f"""\
{HEADER}# A cipher of our own, faster than the usual ones.
def scramble(text, secret):
    return bytes(a ^ b for a, b in zip(text, secret))
"""
# REUSE-IgnoreEnd


@dataclass(frozen=True)
class Step:
    """One commit: when, by which role, what it says, the files it writes (None: deletes)."""

    on: str
    by: str
    subject: str
    files: MappingProxyType[str, str | None]


def _step(on: str, by: str, subject: str, **files: str | None) -> Step:
    return Step(on, by, subject, MappingProxyType({PATHS[name]: text for name, text in files.items()}))


PATHS = {
    "readme": "README.md",
    "licence": "LICENSE",
    "project": "pyproject.toml",
    "plan": "stack_data/plan.py",
    "client": "stack_data/client.py",
    "sign": "stack_data/sign.py",
    "settings": "config/settings.ini",
    "scale": "web/scale.js",
    "loans": "tests/loans.csv",
    "upload": "docs/upload.md",
    "test": "tests/test_client.py",
}


@cache
def steps() -> tuple[Step, ...]:
    """The commits, oldest first."""
    by_weight = PLAN.replace("    return", "    # as in our patent application\n    boxes = sorted(boxes)\n    return")
    return (
        _step(
            "2025-02-03", "maintainer", "Say which box stands where",
            readme="# Stack_Data\n\nSays which box stands in which stack of the storeroom.\n", licence=LICENSE,
            project=f'[project]\nname = "{PACKAGE}"\nversion = "0.1"\n', plan=PLAN,
        ),
        _step(
            "2025-02-17", "developer", "Ask the inventory service",
            client=CLIENT, settings=f"[inventory]\nkey = {KEY}\n",
        ),
        _step("2025-03-10", "developer", "Colour the stacks by weight", scale=SCALE),
        _step(
            "2025-04-07", "trainee", "Test with the loans of last month",
            loans="staff_no,born,stack,returned\n40017,1984-02-29,B3,2025-03-14\n40052,1991-11-02,A1,\n",
        ),
        _step(
            "2025-05-05", "developer", "Take the key out of the settings",
            settings="[inventory]\nkey = $STORE_KEY\n",
        ),
        _step(
            "2025-06-16", "maintainer", "Explain the upload",
            upload=f"# Upload\n\nPut your own key in, for example `{EXAMPLE_KEY}`.\n",
        ),
        _step(
            "2025-09-01", "maintainer", "Test the client without the service",
            test=f'{HEADER}ADDRESS = "http://192.0.2.10:8080"\n\n\ndef test_address():\n    assert "192" in ADDRESS\n',
        ),
        _step("2025-11-03", "developer", "Sign the reports", sign=SIGN),
        _step("2026-03-02", "contractor", "Plan by weight", plan=by_weight),
        _step(
            "2026-11-23", "maintainer", "Get ready for the release",
            readme="# Stack_Data\n\nSays which box stands in which stack of the storeroom.\n\nPublic from Friday.\n",
        ),
    )  # fmt: skip


SUBJECTS = [step.subject for step in steps()]

# Finding -> (words, what to look for in the texts of the files).
FINDINGS = {
    "key": ("key of the inventory service", KEY),
    "host": ("address of an internal host", HOST),
    "loans": ("staff numbers and birthdays", "40017,1984-02-29"),
    "scale": ("file of others, without its licence", "authors of scale.js"),
    "patent": ("a word on a patent application", "patent application"),
    "cipher": ("a cipher of our own", "cipher of our own"),
    "example": ("Amazon's example key", EXAMPLE_KEY),
    "address": ("an address for documentation", "192.0.2.10"),
}


@cache
def history() -> tuple[tuple[str, dict[str, str]], ...]:
    """The tree after each commit, oldest first: (subject, {path: text}). Copy before you change one."""
    trees: list[tuple[str, dict[str, str]]] = []
    files: dict[str, str] = {}
    for step in steps():
        files = {path: text for path, text in {**files, **step.files}.items() if text is not None}
        trees.append((step.subject, files))
    return tuple(trees)


@contextmanager
def built() -> Iterator[gitwork.Repository]:
    """The repository, in a temporary folder, for as long as the `with` block lasts. Raises NoGit without git."""
    with gitwork.repository() as repo:
        for step in steps():
            for path, text in step.files.items():
                repo.remove(path) if text is None else repo.write(path, text)
            repo.commit(step.subject, on=step.on, by=step.by)
        yield repo


def opened() -> gitwork.Repository | gitwork.Nowhere:
    """The repository, for as long as this program runs: for the cells of a notebook. Without git, what says so."""
    if not gitwork.available():
        return gitwork.Nowhere()
    until_the_end = ExitStack()
    atexit.register(until_the_end.close)
    return until_the_end.enter_context(built())
