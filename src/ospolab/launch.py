"""What to ask of a repository before it goes public: what its history holds, what has changed, whether a name is free.

A *history* is the tree after each commit, oldest first: (commit, {path: text}). So nothing here needs git; `of` reads a
real repository into that form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ospolab import gitwork
from ospolab.data import load

__all__ = ["changed", "holding", "known_names", "normalised", "of", "pickaxe", "taken", "unexplained", "valid"]

History = Sequence[tuple[str, Mapping[str, str]]]


def of(repo: gitwork.Repository) -> list[tuple[str, dict[str, str]]]:
    """The history of a repository's branch: its commits by their subjects, oldest first, each with its tree."""
    ids = repo.git("rev-list", "--reverse", "HEAD").split()
    subjects = repo.git("log", "--reverse", "--format=%s").splitlines()
    return [(subject, repo.tree(id_)) for id_, subject in zip(ids, subjects, strict=True)]


def holding(history: History, needle: str) -> list[str]:
    """The commits after which some file held the needle, oldest first: `git grep -F needle $(git rev-list --all)`."""
    return [commit for commit, files in history if any(needle in text for text in files.values())]


def pickaxe(history: History, needle: str) -> list[str]:
    """The commits that changed how often the needle occurs, oldest first: `git log -S needle`, for all files together.

    (git counts file by file, so it also names a commit that only moves the needle from one file to another.)
    """
    found, before = [], 0
    for commit, files in history:
        now = sum(text.count(needle) for text in files.values())
        if now != before:
            found.append(commit)
        before = now
    return found


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """What differs between two trees: path -> "added", "removed" or "changed", in the order of the paths."""
    word = {(False, True): "added", (True, False): "removed", (True, True): "changed"}
    paths = sorted(before.keys() | after.keys())
    return {path: word[path in before, path in after] for path in paths if before.get(path) != after.get(path)}


def unexplained(before: Mapping[str, str], after: Mapping[str, str], named: Iterable[str]) -> list[str]:
    """The paths that differ between two trees, though nobody had named them, in order."""
    return [path for path in changed(before, after) if path not in set(named)]


def normalised(name: str) -> str:
    """A package name as the Python index compares it: small letters, and each run of - _ . is one -.

    Source: Python Packaging User Guide, "Names and normalization" (PEP 503).
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def valid(name: str) -> bool:
    """Whether the Python index accepts a name: ASCII letters, digits and - _ . with a letter or digit at both ends."""
    return re.fullmatch(r"[A-Z0-9]([A-Z0-9._-]*[A-Z0-9])?", name, re.IGNORECASE | re.ASCII) is not None


def taken(name: str, names: Iterable[str]) -> bool:
    """Whether a name is one of the names, as the Python index compares them."""
    return normalised(name) in {normalised(one) for one in names}


def known_names() -> list[str]:
    """Package names known offline: the 500 most downloaded and the course's own environment. Never all there are."""
    return sorted({*load("downloads_top")["package"], *load("course_packages")["package"]})
