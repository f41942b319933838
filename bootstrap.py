#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""Make the environment of this course in `.venv`, then hand over to it.

    python3 bootstrap.py learn          (`make learn` runs exactly this)

Needs a Python and nothing else. What it does, each step only when it is needed:

1. make `.venv` with the standard module venv
2. install one pinned version of uv into it with pip
3. install the pinned packages of requirements.txt with uv
4. install the course's own package from this folder
5. leave a stamp in `.venv`, so that the next run starts at once
6. run `python -m ospolab <arguments>` in `.venv`

This file is written so that Python 2.7 can still read it: an old Python then gets a sentence that says what to do, not
a syntax error. No f-strings, no annotations, no pathlib.
"""

# ruff: noqa: B904, RUF005, SIM105, SIM115 (what these ask for is not in the language of the old Python)

from __future__ import print_function

import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

UV = "uv==0.13.9"
NEEDED_PYTHON = (3, 11)
NEEDED_MB = 900  # what .venv weighs, and some air
RECIPE = 1  # raise it when the steps below change in a way that an existing .venv must follow

ROOT = os.path.dirname(os.path.abspath(__file__))
WINDOWS = os.name == "nt"


class Problem(Exception):
    """Something the reader can put right; its text says how."""


# --- what is there ----------------------------------------------------------------------------------------------------


def venv_dir(root):
    return os.path.join(root, ".venv")


def venv_python(root):
    if WINDOWS:
        return os.path.join(venv_dir(root), "Scripts", "python.exe")
    return os.path.join(venv_dir(root), "bin", "python")


def stamp_file(root):
    return os.path.join(venv_dir(root), "ospolab-stamp.json")


def wanted_stamp(root):
    """What the stamp must say: the recipe, as a hash, and the folder, because an environment cannot be moved."""
    digest = hashlib.sha256()
    digest.update(("recipe %d, %s" % (RECIPE, UV)).encode("ascii"))
    for name in ("requirements.txt", "pyproject.toml"):
        try:
            with io.open(os.path.join(root, name), "rb") as file:
                digest.update(file.read())
        except (IOError, OSError) as error:
            raise Problem(
                "%s cannot be read (%s).\nIs this folder a complete copy of the course? `git status` tells; "
                "`git checkout %s` brings the file back." % (os.path.join(root, name), error.strerror, name)
            )
    return {"recipe": digest.hexdigest(), "python": python_of(root), "folder": root}


def python_of(root):
    """The version of the Python inside .venv as "3.12", or None. The one inside counts, not the one that runs this."""
    try:
        with io.open(os.path.join(venv_dir(root), "pyvenv.cfg"), encoding="utf-8") as file:
            for line in file:
                key, _, value = line.partition("=")
                if key.strip() == "version":
                    return ".".join(value.strip().split(".")[:2])
    except (IOError, OSError, ValueError):
        pass
    return None


def read_stamp(root):
    try:
        with io.open(stamp_file(root), encoding="utf-8") as file:
            return json.load(file)
    except (IOError, OSError, ValueError):
        return None


def write_stamp(root):
    text = json.dumps(wanted_stamp(root), indent=1, sort_keys=True)
    partial = stamp_file(root) + ".part"
    with io.open(partial, "wb") as file:
        file.write(text.encode("utf-8"))
    if WINDOWS and os.path.exists(stamp_file(root)):
        os.remove(stamp_file(root))
    os.rename(partial, stamp_file(root))


def python_runs(root):
    """An upgrade of the system can leave a .venv whose Python is gone or does not start."""
    try:
        with io.open(os.devnull, "w") as nothing:
            return subprocess.call([venv_python(root), "-I", "-S", "-c", ""], stdout=nothing, stderr=nothing) == 0
    except (IOError, OSError):
        return False


def state(root):
    """One of "ready", "update" (a working .venv, the recipe has changed), "half-made", "moved", "broken", "none"."""
    if not os.path.lexists(venv_dir(root)):
        return "none"
    stamp = read_stamp(root)
    if not isinstance(stamp, dict):
        return "half-made"
    if stamp.get("folder") != root:
        return "moved"
    if not python_runs(root):
        return "broken"
    return "ready" if stamp == wanted_stamp(root) else "update"


# --- what can be wrong before anything is done ------------------------------------------------------------------------


def check_python(version):
    """version: as sys.version_info. Raises Problem when it is too old for the course."""
    if tuple(version[:2]) >= NEEDED_PYTHON:
        return
    raise Problem(
        "This is Python %s; the course needs Python %d.%d or newer.\n"
        "If you have a newer one, name it:      make learn PYTHON=python3.12\n"
        "or, without make:                      python3.12 bootstrap.py learn\n"
        "If not, your system's package manager or python.org has one."
        % ((".".join(str(part) for part in version[:3]),) + NEEDED_PYTHON)
    )


def check_venv_module():
    """Debian and Ubuntu ship Python without the parts that make an environment."""
    try:
        import ensurepip
        import venv

        return ensurepip, venv
    except ImportError:
        raise Problem(
            "This Python cannot make an environment: its module venv or ensurepip is missing.\n"
            "On Debian or Ubuntu:  sudo apt install python3-venv   (or python%d.%d-venv)\n"
            "Then run the same command again." % tuple(sys.version_info[:2])
        )


def check_folder(root):
    """Raises Problem when nothing can be written here, or when something that is not ours is called .venv."""
    place = venv_dir(root)
    if os.path.lexists(place) and not os.path.isdir(place):
        raise Problem("%s is in the way: it is not a folder.\nMove it away, then run the same command again." % place)
    try:
        handle, name = tempfile.mkstemp(prefix=".ospolab-", dir=root)
        os.close(handle)
        os.remove(name)
    except (IOError, OSError) as error:
        raise Problem(folder_message(root, error.strerror or str(error)))


def folder_message(root, reason):
    return (
        "Nothing can be written into %s (%s).\n"
        "The course keeps its environment and your work beside the lessons. Make a copy in a folder of your own:\n"
        "    git clone %s ~/ospolab\nand run the same command there." % (root, reason, root)
    )


def check_space(root):
    if not hasattr(shutil, "disk_usage"):  # Python 2, which gets no further than check_python anyway
        return
    free = shutil.disk_usage(root).free // 1000000
    if free < NEEDED_MB:
        raise Problem(space_message(root, free))


def space_message(root, free):
    return (
        "The disk is full: the environment takes about %d MB, and %s has %d MB free.\n"
        "Make room, then run the same command again." % (NEEDED_MB, root, free)
    )


# --- running a step ---------------------------------------------------------------------------------------------------

NETWORK = (
    "newconnectionerror", "failed to establish", "name or service not known", "temporary failure in name",
    "nodename nor", "getaddrinfo", "connection refused", "connection reset", "network is unreachable",
    "timed out", "proxyerror", "max retries", "dns error", "error sending request", "failed to fetch",
    "client error (connect)", "certificate", "sslerror", "connection broken", "remote end closed", "no route to host",
)  # fmt: skip
FULL_DISK = ("no space left", "os error 28", "errno 28", "disk quota", "not enough space")
READ_ONLY = ("read-only file system", "permission denied", "access is denied", "os error 13", "os error 30")


def environment():
    """Variables for pip and uv: theirs, without what would send packages somewhere else than into .venv."""
    env = dict(os.environ)
    for name in ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "UV_TARGET", "UV_PREFIX"):
        env.pop(name, None)
    env["PIP_USER"] = "0"
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    # In a company, the certificate that matters is often in the system's store and nowhere else.
    env.setdefault("UV_SYSTEM_CERTS", "1")
    return env


class Log(object):
    """What pip and uv say: kept in a file while it runs, named when a step fails, removed when all went well."""

    def __init__(self):
        try:
            handle, self.path = tempfile.mkstemp(prefix="ospolab-setup-", suffix=".log")
            self.file = os.fdopen(handle, "w+b")
        except (IOError, OSError):
            self.path = None
            self.file = io.open(os.devnull, "w+b")

    def text(self, start=0):
        try:
            self.file.seek(start)
            return self.file.read().decode("utf-8", "replace")
        except (IOError, OSError):
            return ""

    def size(self):
        try:
            return os.fstat(self.file.fileno()).st_size
        except (IOError, OSError):
            return 0

    def close(self, keep):
        self.file.close()
        if self.path and not keep:
            try:
                os.remove(self.path)
            except OSError:
                pass


def run(label, command, log):
    """Run one step, show its seconds, return (worked, what it printed)."""
    began, start = time.time(), log.size()
    live = hasattr(sys.stdout, "isatty") and sys.stdout.isatty()
    if not live:
        sys.stdout.write("  %-44s" % label)
        sys.stdout.flush()
    log.file.seek(0, 2)
    try:
        process = subprocess.Popen(
            command, stdout=log.file, stderr=subprocess.STDOUT, stdin=subprocess.PIPE, env=environment(), cwd=ROOT
        )
        process.stdin.close()
    except (IOError, OSError) as error:
        print()
        return False, "%s: %s" % (command[0], error.strerror)
    try:
        while process.poll() is None:
            if live:
                sys.stdout.write("\r  %-44s%6.0f s" % (label, time.time() - began))
                sys.stdout.flush()
            time.sleep(0.1)
    except KeyboardInterrupt:
        process.wait()  # Ctrl-C reached it as well; do not leave it writing behind our back
        raise
    worked = process.returncode == 0
    sys.stdout.write(
        ("\r  %-44s" % label if live else "") + "%6.1f s%s\n" % (time.time() - began, "" if worked else "  failed")
    )
    sys.stdout.flush()
    return worked, log.text(start)


def explain(label, output, log, root):
    """A Problem for a step that failed: the likely cause if its output shows one, the last lines if not."""
    low = output.lower()
    where = "\nAll that was printed: %s" % log.path if log.path else ""
    if any(sign in low for sign in FULL_DISK):
        free = shutil.disk_usage(root).free // 1000000 if hasattr(shutil, "disk_usage") else 0
        return Problem(space_message(root, free) + where)
    if any(sign in low for sign in NETWORK):
        return Problem(
            "The packages of the course could not be fetched: the package index cannot be reached.\n"
            "The first start needs the internet, later starts do not. Check the connection, then run this again.\n"
            "In a company: for a proxy, set HTTPS_PROXY; for a package mirror, set PIP_INDEX_URL and UV_DEFAULT_INDEX\n"
            "to its address." + where
        )
    if any(sign in low for sign in READ_ONLY):
        return Problem(folder_message(root, "permission denied") + where)
    last = [line.rstrip() for line in output.splitlines() if line.strip()][-6:]
    return Problem(
        "This step did not succeed: %s.\nIts last words:\n%s\nRun the same command again; if it fails in the same way, "
        "open an issue and attach the log.%s" % (label, "\n".join("    " + line for line in last), where)
    )


# --- making it --------------------------------------------------------------------------------------------------------


def create(root, log):
    """Steps 1 and 2: an empty .venv, replacing what was there, with uv in it."""
    # Started from inside .venv itself, this Python must not make the folder it lives in: its base can.
    base = getattr(sys, "_base_executable", None) or sys.executable
    steps = [
        ("making .venv", [base, "-m", "venv", "--clear", venv_dir(root)]),
        ("fetching the installer (uv)", [venv_python(root), "-m", "pip", "install", "--retries", "2", UV]),
    ]
    for label, command in steps:
        worked, output = run(label, command, log)
        if not worked:
            raise explain(label, output, log, root)


def install(root, log):
    """Steps 3 and 4."""
    python = venv_python(root)
    uv = os.path.join(os.path.dirname(python), "uv" + (".exe" if WINDOWS else ""))
    requirements = os.path.join(root, "requirements.txt")
    label = "installing the packages"
    # --no-deps: the file is complete, and leaves out on purpose what the course is better without (pyproject.toml).
    worked, output = run(label, [uv, "pip", "install", "--python", python, "--no-deps", "-r", requirements], log)
    if not worked and not any(sign in output.lower() for sign in FULL_DISK):
        # A company's mirror or proxy may be known to pip's settings only.
        label = "installing the packages with pip"
        worked, second = run(
            label, [python, "-m", "pip", "install", "--retries", "1", "--no-deps", "-r", requirements], log
        )
        output += second
    if not worked:
        raise explain(label, output, log, root)
    label = "installing the course"
    command = [uv, "pip", "install", "--python", python, "--no-deps", "--no-build-isolation", "-e", root]
    worked, output = run(label, command, log)
    if not worked:
        raise explain(label, output, log, root)


SAYS = {
    "none": "Setting up the course in %s (once; about a minute with a good connection)",
    "half-made": "%s/.venv was not finished: making it again",
    "broken": "The Python in %s/.venv does not start any more: making it again",
    "moved": "%s/.venv was made for a folder of another name: making it again",
    "update": "The course in %s needs other packages than before: updating",
}


def prepare(root, may_go_on=False):
    """Bring .venv into the state the recipe asks for. may_go_on: without a network, an older .venv is good enough."""
    found = state(root)
    if found == "ready":
        return
    if found != "update":
        check_python(sys.version_info)
        check_folder(root)
        check_venv_module()
        check_space(root)
    print(SAYS[found] % root)
    log, done = Log(), False
    try:
        if found != "update":
            create(root, log)
            if not shutil.which("git"):
                print(
                    "  git was not found: the course opens without it; to fetch new lessons, install it (git-scm.com)"
                )
        try:
            install(root, log)
        except Problem as problem:
            if not (found == "update" and may_go_on):
                raise
            print("\n%s\nGoing on with the packages of before; some new lessons may not run.\n" % problem)
            done = log.path is None
            return
        write_stamp(root)
        done = True
    except (IOError, OSError) as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", -1)):
            raise Problem(space_message(root, 0))
        raise Problem(folder_message(root, error.strerror or str(error)))
    finally:
        log.close(keep=not done and log.size() > 0)


def hand_over(root, arguments):
    """Step 6. On Windows execv would give the prompt back at once, so there the course runs as a child."""
    env = dict(os.environ)
    for name in ("PYTHONHOME", "PYTHONPATH"):
        env.pop(name, None)
    command = [venv_python(root), "-m", "ospolab"] + arguments
    if not WINDOWS:
        sys.stdout.flush()
        os.execve(command[0], command, env)
    process = subprocess.Popen(command, env=env)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            pass  # the child has had it too, and decides


def main(arguments, root=ROOT):
    try:
        prepare(root, may_go_on=arguments[:1] == ["learn"])
        return hand_over(root, arguments)
    except Problem as problem:
        print("\n%s" % problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
