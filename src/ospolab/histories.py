"""The history of a repository on this machine, as the same kind of table that the lessons use.

Who committed is needed to count people, and for nothing else: names and addresses are turned into numbers as they are
read, and leave this module nowhere.
"""

from __future__ import annotations

import re
import subprocess
from datetime import date
from pathlib import Path

import pandas as pd

__all__ = ["HistoryError", "commits_by_month"]

BOT = re.compile(r"\[bot\]|\bbot\b|dependabot|renovate|github-actions", re.IGNORECASE)


class HistoryError(RuntimeError):
    """The folder's history cannot be read; the message says what to do."""


def commits_by_month(folder: Path, today: date | None = None) -> pd.DataFrame:
    """Commits per month and contributor of the current branch: merges and automated accounts left out.

    One row a month from the first commit to the last full month before `today`, zeros included, so that a project that
    sleeps is seen to sleep; one column a contributor, numbered 0, 1, ...
    Commits count in the month (UTC) in which they were written. Two identities are one contributor if they share an
    address, or a name of two words or more; a `.mailmap` in the repository is followed. It is a heuristic: some people
    are counted twice. Raises HistoryError.
    """
    contributors, rows = _Contributors(), []
    for line in _log(folder).splitlines():
        seconds, address, name = line.split("\t", 2)
        if not (BOT.search(name) or BOT.search(address)):
            rows.append((int(seconds), contributors.number(address, name)))
    if not rows:
        raise HistoryError(f"{folder} has no commit by a person on its current branch.")
    log = pd.DataFrame(rows, columns=["seconds", "contributor"])
    month = pd.to_datetime(log["seconds"], unit="s").dt.to_period("M").rename("month")
    table = log.groupby([month, log["contributor"].map(contributors.merged)]).size().unstack(fill_value=0)
    last_full_month = pd.Period(today or date.today(), freq="M") - 1
    every_month = pd.period_range(table.index.min(), last_full_month, freq="M", name="month")
    if not len(every_month):
        raise HistoryError(f"{folder} began this month; there is no full month to count yet.")
    return table.reindex(every_month, fill_value=0).astype(int)


class _Contributors:
    """Numbers for people, joined when a later commit shows that two numbers are one person."""

    def __init__(self):
        self._known: dict[str, int] = {}
        self._joined: list[int] = []

    def number(self, address: str, name: str) -> int:
        signs = [address.strip().lower()] + ([name.strip().lower()] if len(name.split()) > 1 else [])
        found = sorted({self.merged(self._known[sign]) for sign in signs if sign in self._known})
        if not found:
            found = [len(self._joined)]
            self._joined.append(found[0])
        for other in found[1:]:
            self._joined[other] = found[0]
        self._known.update(dict.fromkeys(signs, found[0]))
        return found[0]

    def merged(self, number: int) -> int:
        while self._joined[number] != number:
            number = self._joined[number]
        return number


def _log(folder: Path) -> str:
    if not folder.is_dir():
        raise HistoryError(f"There is no folder {folder}.")
    command = ["git", "-C", str(folder), "log", "--no-merges", "--use-mailmap", "--format=%at%x09%aE%x09%aN"]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise HistoryError("The program git was not found; install it, and try again.") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise HistoryError(
            f"{folder} is not a repository whose history git can read.\n"
            f"Clone the whole history (without --depth) and name that folder. git said: {said[-1]}"
        )
    shallow = subprocess.run(["git", "-C", str(folder), "rev-parse", "--is-shallow-repository"], capture_output=True)
    if shallow.stdout.strip() == b"true":
        raise HistoryError(
            f"{folder} holds only the latest part of its history, so everyone in it would look new.\n"
            f"Get the rest first: git -C {folder} fetch --unshallow"
        )
    return done.stdout.decode(errors="replace")
