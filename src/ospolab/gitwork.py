"""Small Git repositories that a lesson builds, reads and throws away: same ids each time, nobody's settings touched.

The `git` of the machine runs as a separate program, in an environment of its own: no settings of the learner's or of
the machine's are read or written, no pager, no prompt, no hooks. Authors are roles at example.org and dates are given,
so that the same steps make the same commit ids on every machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

__all__ = ["MISSING", "NoGit", "Nowhere", "Repository", "available", "repository"]

MISSING = (
    "This cell needs the program git, which is not on this machine. Install it (https://git-scm.com/downloads) and "
    "run the cell again, or read on with the output that is stored here: nothing that is graded needs git."
)


class NoGit(RuntimeError):
    """There is no git on this machine; the message says what to do."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]  # notebooks show the sentence alone


class Nowhere:
    """Stands where a repository would be on a machine without git: whatever is asked of it raises NoGit.

    Copies of it are the same again, so that each cell of a lesson says what is missing, and not that a name is.
    """

    def clone(self, name: str) -> Nowhere:
        return self

    def rewritten(self, name: str, replace: Mapping[str, str]) -> Nowhere:
        return self

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        raise NoGit(MISSING)


def available() -> bool:
    """Whether this machine has a `git` program."""
    return shutil.which("git") is not None


def _environment(home: Path) -> dict[str, str]:
    """What git may know: where programs are, a home with nothing in it, and no settings of anybody's."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def _who(role: str) -> tuple[str, str]:
    """The name and the address of a role: "maintainer" is The maintainer <maintainer@example.org>."""
    word = re.sub(r"[^a-z0-9]+", "-", role.lower()).strip("-")
    if not word:
        raise ValueError(f"a role has letters in it; {role!r} has none")
    return f"The {role}", f"{word}@example.org"


def _when(on: date | str) -> str:
    """A day as git writes it: noon, UTC. A datetime keeps its hour."""
    day = date.fromisoformat(on) if isinstance(on, str) else on
    at = day if isinstance(day, datetime) else datetime(day.year, day.month, day.day, 12)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


@dataclass(frozen=True)
class Repository:
    """A Git repository in a folder. Made by `repository`, or by `clone` from another."""

    folder: Path
    home: Path

    def git(self, *args: str, check: bool = True, **more: str) -> str:
        """What `git <args>` prints, without the last line break. `more` are further environment variables.

        Raises RuntimeError with what git said where it fails. With `check=False` what it printed is returned all the
        same: `git grep`, for one, "fails" where it finds nothing.
        """
        return self._told(*args, check=check, **more).removesuffix("\n")

    def _told(self, *args: str, check: bool = True, **more: str) -> str:
        told = subprocess.run(
            ["git", *args],
            cwd=self.folder,
            env=_environment(self.home) | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
        if check and told.returncode:
            raise RuntimeError(f"git {' '.join(args)}: {told.stderr.strip() or told.stdout.strip()}")
        return told.stdout

    def write(self, path: str, text: str) -> None:
        """Put `text` into the file `path` of the working tree, making the folders it needs."""
        file = self._inside(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")

    def remove(self, path: str) -> None:
        """Delete the file `path` from the working tree. The history keeps it."""
        self._inside(path).unlink()

    def commit(self, message: str, on: date | str, by: str = "maintainer") -> str:
        """Commit all that changed in the working tree; returns the commit's id (40 hex digits).

        on: a day ("2025-03-01"; noon, UTC) or a datetime. by: a role, "maintainer" becomes The maintainer
        <maintainer@example.org>. Same steps, same ids. Raises RuntimeError where nothing changed.
        """
        (name, address), at = _who(by), _when(on)
        self.git("add", "--all")
        signed = {"NAME": name, "EMAIL": address, "DATE": at}
        who = {f"GIT_{one}_{key}": value for one in ("AUTHOR", "COMMITTER") for key, value in signed.items()}
        self.git("commit", "--quiet", "--no-verify", "--message", message, **who)
        return self.git("rev-parse", "HEAD")

    def tree(self, commit: str = "HEAD") -> dict[str, str]:
        """The files of a commit: path -> text."""
        paths = [path for path in self.git("ls-tree", "-r", "-z", "--name-only", commit).split("\0") if path]
        return {path: self._told("show", f"{commit}:{path}") for path in paths}

    def clone(self, name: str) -> Repository:
        """A copy as somebody else would have it, beside this one: a folder `name` with all of the history."""
        self.git("clone", "--quiet", "--no-hardlinks", "--template=", ".", str(self.folder.parent / name))
        return Repository(self.folder.parent / name, self.home)

    def rewritten(self, name: str, replace: Mapping[str, str]) -> Repository:
        """A new repository beside this one, in a folder `name`: the same history with texts replaced in every commit.

        replace: old text -> new text of the same length in bytes (ValueError otherwise), in files and messages alike.
        Small and for lessons: `git fast-export`, a replacement in its stream, `git fast-import`. Signatures are lost.
        For a repository of your own use git-filter-repo, which also takes files out and checks more.
        """
        stream = self._bytes("fast-export", "--all", "--signed-tags=strip")
        for old, new in replace.items():
            if len(old.encode()) != len(new.encode()):
                raise ValueError(f"{new!r} is not as long as what it replaces: expected {len(old.encode())} bytes")
            stream = stream.replace(old.encode(), new.encode())
        made = Repository(self.folder.parent / name, self.home)
        made.folder.mkdir()
        made.git("init", "--quiet", "--template=", "--initial-branch=main")
        made._bytes("fast-import", "--quiet", stdin=stream)
        made.git("reset", "--quiet", "--hard")
        return made

    def _bytes(self, *args: str, stdin: bytes = b"") -> bytes:
        told = subprocess.run(
            ["git", *args], cwd=self.folder, env=_environment(self.home), input=stdin, capture_output=True
        )
        if told.returncode:
            raise RuntimeError(f"git {' '.join(args)}: {told.stderr.decode(errors='replace').strip()}")
        return told.stdout

    def _inside(self, path: str) -> Path:
        file = (self.folder / path).resolve()
        if not file.is_relative_to(self.folder.resolve()) or ".git" in Path(path).parts:
            raise ValueError(f"{path!r} is not a file of this repository's working tree")
        return file


@contextmanager
def repository(folder: str | Path | None = None) -> Iterator[Repository]:
    """An empty Git repository on the branch `main`, for as long as the `with` block lasts.

    Without a folder it lives in a temporary one and is gone afterwards. With a folder (which must be empty or new) the
    files stay. Its settings are its own: nothing of the learner's is read or written.
    Raises NoGit, with a sentence for the reader, where the machine has no git.
    """
    if not available():
        raise NoGit(MISSING)
    with tempfile.TemporaryDirectory(prefix="ospolab-", ignore_cleanup_errors=True) as temporary:
        home = Path(temporary) / "home"
        home.mkdir()
        where = Path(folder) if folder is not None else Path(temporary) / "repository"
        where.mkdir(parents=True, exist_ok=True)
        if any(where.iterdir()):
            raise ValueError(f"{where.name} is not empty: a new repository wants a folder of its own")
        made = Repository(where, home)
        made.git("init", "--quiet", "--template=", "--initial-branch=main")
        for key, value in (("core.autocrlf", "false"), ("commit.gpgSign", "false"), ("gc.auto", "0")):
            made.git("config", key, value)
        yield made
