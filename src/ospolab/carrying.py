"""What carrying patches over the releases of a project does, counted by git.

`carrying.yml` tells an invented project and two forks of it. `carry` builds the repository, puts each patch onto each
release as a fork's keeper does, and notes what git said. Nothing is counted that git did not report; what git cannot
see, a test of the fork's own finds.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ospolab import gitwork
from ospolab.gitwork import NoGit, Repository

__all__ = ["OUTCOMES", "Carried", "Update", "carried", "carry", "remembered"]

# What an update of one patch to one release came to.
OUTCOMES = {
    "clean": "clean",
    "conflict": "conflict",
    "quiet": "quiet break",
    "there": "already there",
    "glue": "glue, clean",
    "glue-conflict": "glue, conflict",
}
_KEEPER = {"GIT_COMMITTER_NAME": "The keeper of the fork", "GIT_COMMITTER_EMAIL": "keeper@example.org"}


@dataclass(frozen=True)
class Update:
    """One patch put onto one release. outcome: a key of OUTCOMES. files: those in conflict, joined by blanks.

    lines: lines that stood between conflict marks, both sides together. said: what our test said, "" if nothing.
    """

    release: str
    patch: str
    outcome: str
    files: str = ""
    lines: int = 0
    said: str = ""


@cache
def _told() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))


def _variant(variants: dict[str, Any], release: str) -> dict[str, Any]:
    """The variant of a patch that holds at a release: the latest that began by then."""
    return variants[max(key for key in variants if key <= release)]


def _edited(files: dict[str, str], change: dict[str, Any]) -> dict[str, str]:
    """The files after a change. Raises ValueError where the text to be changed is not there exactly once."""
    made = files | change.get("files", {})
    for edit in change.get("edits", []):
        if made[edit["file"]].count(edit["old"]) != 1:
            raise ValueError(f"{edit['file']}: expected once: {edit['old']!r}")
        made[edit["file"]] = made[edit["file"]].replace(edit["old"], edit["new"])
    return made


def _upstream(repo: Repository, give_back: bool) -> dict[str, dict[str, str]]:
    """Commit and tag every release; the files of each. give_back: upstream takes the patch in, when it was offered."""
    told, files = _told(), _told()["start"]["files"]
    given = told["given_back"]
    for path, text in files.items():
        repo.write(path, text)
    repo.commit("Read river gauges", told["start"]["day"])
    repo.git("tag", "v1.0")
    own, releases = files, {"1.0": files}
    for release in told["releases"]:
        version, taken = release["version"], give_back and release["version"] >= given["release"]
        for commit in release["commits"]:
            own = _edited(own, commit)
            if not taken:
                _write(repo, own)
                repo.commit(commit["say"], release["day"])
        files = own
        if taken:  # its own commits, with the patch kept up by those who make them
            files = _edited(own, _variant(given["taken"], version))
            _write(repo, files)
            said = [commit["say"] for commit in release["commits"]]
            first = version == given["release"]
            repo.commit("; ".join([*said, *([given["say"]] if first else [])]), release["day"])
        repo.git("tag", f"v{version}")
        releases[version] = files
    return releases


def _write(repo: Repository, files: dict[str, str]) -> None:
    for path, text in files.items():
        repo.write(path, text)


def _patches(fork: str, release: str, give_back: bool) -> list[dict[str, Any]]:
    """The patches that a fork carries at a release, in order."""
    told = _told()
    given = told["given_back"]
    if not (give_back and release >= given["release"]):
        return told["forks"][fork]
    glue = {"name": given["patch"], **given["glue"], "glue": True}
    return [glue if patch["name"] == given["patch"] else patch for patch in told["forks"][fork]]


@dataclass(frozen=True)
class Carried:
    """A fork carried over all releases. updates: in order. lines: added or taken away by each patch at 1.0, by name.

    met: in how many of the six releases upstream changed a file that the patch changes, too. All counted by git.
    """

    updates: tuple[Update, ...]
    lines: pd.Series
    met: pd.Series

    def grid(self) -> pd.DataFrame:
        """What became of each patch (a row) at each release (a column), in the words of OUTCOMES."""
        rows = pd.DataFrame([asdict(one) | {"outcome": OUTCOMES[one.outcome]} for one in self.updates])
        table = rows.pivot(index="patch", columns="release", values="outcome").fillna("")
        return table.loc[list(dict.fromkeys(rows["patch"]))].rename_axis(index=None, columns=None)

    def conflicts(self) -> pd.Series:
        """In how many updates git reported a conflict, by patch."""
        found = dict.fromkeys(self.lines.index, 0)
        for one in self.updates:
            found[one.patch] += "conflict" in one.outcome
        return pd.Series(found, name="conflicts")

    def quiet(self) -> Update:
        """The first update that git called clean and our own test did not. Raises StopIteration if there is none."""
        return next(one for one in self.updates if one.outcome == "quiet")


def carry(fork: str = "lesson", give_back: bool = False, folder: str | Path | None = None) -> Carried:
    """Build the project and carry a fork's patches over its releases; what became of each update, in order.

    fork: "lesson" or "exercise". give_back: `timeout` was offered, and is upstream from release 1.2 on.
    folder: where to keep the repository (empty or new); without one it is gone afterwards.
    Raises NoGit where the machine has no git.
    """
    with gitwork.repository(folder) as repo:
        releases = _upstream(repo, give_back)
        days = {one["version"]: one["day"] for one in _told()["releases"]} | {"1.0": _told()["start"]["day"]}
        heads: dict[str, str] = {}
        lines: dict[str, int] = {}
        met: dict[str, int] = {}
        before = ""
        updates: list[Update] = []
        done: set[str] = set()  # patches of which upstream has the very same
        for release, files in releases.items():
            repo.git("checkout", "--quiet", "--detach", f"v{release}")
            changed = set(repo.git("diff", "--name-only", f"v{before}", f"v{release}").split()) if before else set()
            for patch in _patches(fork, release, give_back):
                name = patch["name"]
                if name in done:
                    continue
                files = _edited(files, _variant(patch["variants"], release))
                met[name] = met.get(name, 0) + bool(changed & _home(patch, before))
                if name not in heads or (patch.get("glue") and release == _told()["given_back"]["release"]):
                    _write(repo, files)
                    heads[name] = repo.commit(patch["say"], days[release], "keeper")
                    if release == "1.0":
                        lines[name] = _size(repo)
                    else:
                        updates.append(Update(release, name, "glue"))
                    continue
                updates.append(_onto(repo, patch, heads[name], release, files, days[release]))
                if updates[-1].outcome == "there":
                    done.add(name)
                heads[name] = repo.git("rev-parse", "HEAD")
            repo.git("branch", f"ours-{release}")
            before = release
        return Carried(tuple(updates), pd.Series(lines, name="lines"), pd.Series(met, name="met"))


def carried(fork: str = "lesson", give_back: bool = False) -> Carried:
    """As `carry`; where the machine has no git, says so and gives what was counted when this was written."""
    try:
        return carry(fork, give_back)
    except NoGit:
        print(f"{gitwork.MISSING} What follows was counted when this was written.")
        return remembered(fork, give_back)


def remembered(fork: str = "lesson", give_back: bool = False) -> Carried:
    """What `carry` counted when this was written, from carrying_counted.yml; a test compares the two."""
    kept = _counted()[f"{fork}{' given back' if give_back else ''}"]
    updates = tuple(Update(*row) for row in kept["updates"])
    return Carried(updates, pd.Series(kept["lines"], name="lines"), pd.Series(kept["met"], name="met"))


@cache
def _counted() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("carrying_counted.yml").read_text(encoding="utf-8"))


def _size(repo: Repository) -> int:
    """Lines that the newest commit adds and takes away."""
    counted = repo.git("show", "--numstat", "--format=", "HEAD").splitlines()
    return sum(int(number) for line in counted for number in line.split()[:2])


def _home(patch: dict[str, Any], release: str) -> set[str]:
    """The files of upstream that a patch changes at a release; none before its first."""
    began = release and min(patch["variants"]) <= release
    return {edit["file"] for edit in _variant(patch["variants"], release).get("edits", [])} if began else set()


def _onto(repo: Repository, patch: dict, head: str, release: str, files: dict[str, str], on: Any) -> Update:
    """Put a patch onto a release. files: what the fork's keeper wants in the end, used where git cannot do it."""
    kind = "glue" if patch.get("glue") else "clean"
    try:
        repo.git("cherry-pick", head, **_KEEPER, GIT_COMMITTER_DATE=f"{on}T12:00:00+00:00")
    except RuntimeError:
        torn = repo.git("diff", "--name-only", "--diff-filter=U").split()
        if not torn:  # nothing is left of the patch: upstream has the very same
            repo.git("cherry-pick", "--skip")
            return Update(release, patch["name"], "there")
        lines = sum(_between_marks((repo.folder / path).read_text(encoding="utf-8")) for path in torn)
        _write(repo, files)
        repo.commit(patch["say"], on, "keeper")
        word = "glue-conflict" if kind == "glue" else "conflict"
        return Update(release, patch["name"], word, " ".join(torn), lines)
    said = _test(repo, patch)
    if not said:
        return Update(release, patch["name"], kind)
    _write(repo, files)
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--amend", "--no-edit", **_KEEPER, GIT_COMMITTER_DATE=f"{on}T12:00:00+00:00")
    return Update(release, patch["name"], "quiet", said=said)


def _between_marks(text: str) -> int:
    """Lines between the marks of conflicts, both sides, without the marks."""
    lines, inside = 0, False
    for line in text.splitlines():
        if line.startswith("<<<<<<< "):
            inside = True
        elif line.startswith(">>>>>>> "):
            inside = False
        elif inside and not line.startswith("======="):
            lines += 1
    return lines


def _test(repo: Repository, patch: dict) -> str:
    """What the fork's own test of a patch says in the working tree; "" if it passes, or there is none."""
    if "check" not in patch:
        return ""
    run = [sys.executable, "-B", "-S", "-c", patch["check"]]
    told = subprocess.run(run, cwd=repo.folder, capture_output=True, text=True)
    return "" if told.returncode == 0 else told.stderr.strip().splitlines()[-1].removeprefix("AssertionError: ")
