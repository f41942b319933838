"""From a clone to a running course: every state of `.venv`, every message, and the commands behind `make`."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from ospolab import cli, suite
from ospolab import course as the_course

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ["learn", "teach", "test", "book", "notebooks", "exercises", "bench", "grade", "progress"]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A checkout with all that bootstrap.py looks at."""
    folder = tmp_path / "course"
    folder.mkdir()
    shutil.copyfile(ROOT / "bootstrap.py", folder / "bootstrap.py")
    (folder / "requirements.txt").write_text("rich\n")
    (folder / "pyproject.toml").write_text("[project]\nname = 'ospolab'\n")
    return folder


@pytest.fixture
def bootstrap(house: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as it lies in `house`; a hand-over is not done but kept in `handed_over`."""
    spec = importlib.util.spec_from_file_location("bootstrap", house / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.handed_over = []
    monkeypatch.setattr(os, "execve", lambda path, command, env: module.handed_over.append((command, env)))
    return module


@pytest.fixture
def steps(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Replace the steps by ones that take no time: the commands that would have run."""
    done: list[list[str]] = []

    def run(label: str, command: list[str], log: object) -> tuple[bool, str]:
        done.append(command)
        if "venv" in command:
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", *command[3:]], check=True)
        return True, ""

    monkeypatch.setattr(bootstrap, "run", run)
    return done


def start(bootstrap: ModuleType, house: Path, *arguments: str) -> int | None:
    return bootstrap.main(list(arguments) or ["learn"], str(house))


def failing(output: str, when: str = "pip"):
    """A `run` whose step that has `when` in its command fails and prints `output`."""

    def run(label: str, command: list[str], log: object) -> tuple[bool, str]:
        if not any(when in part for part in command):
            return True, ""
        log.file.write(output.encode())
        log.file.flush()
        return False, output

    return run


# --- the states of .venv ---------------------------------------------------------------------------------------------


def test_first_start_makes_everything_and_the_second_nothing(bootstrap, house, steps, capsys):
    start(bootstrap, house, "learn", "--no-browser")
    python = str(house / ".venv/bin/python")
    assert [command[2] for command in steps] == ["venv", "pip", "install", "install"]
    assert steps[1][-1] == bootstrap.UV and re.fullmatch(r"uv==\d+\.\d+\.\d+", bootstrap.UV)
    assert steps[2][-2:] == ["-r", str(house / "requirements.txt")]
    assert {"--no-deps", "--no-build-isolation", "-e"} <= set(steps[3])
    assert "Setting up the course" in capsys.readouterr().out
    ((command, _),) = bootstrap.handed_over
    assert command == [python, "-m", "ospolab", "learn", "--no-browser"]
    steps.clear()
    start(bootstrap, house)
    assert steps == [] and capsys.readouterr().out == "" and len(bootstrap.handed_over) == 2


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_changed_requirements_are_installed_in_place(bootstrap, house, steps, capsys, name):
    start(bootstrap, house)
    steps.clear()
    (house / name).write_text("# changed\n")
    start(bootstrap, house)
    assert [command[1:3] for command in steps] == [["pip", "install"]] * 2
    assert "updating" in capsys.readouterr().out
    assert bootstrap.state(str(house)) == "ready"


def spoil_stamp(house: Path) -> None:
    (house / ".venv/ospolab-stamp.json").unlink()


def spoil_stamp_content(house: Path) -> None:
    (house / ".venv/ospolab-stamp.json").write_text("{")


def spoil_python(house: Path) -> None:
    python = house / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/gone/python3")


def spoil_folder(house: Path) -> None:
    stamp = house / ".venv/ospolab-stamp.json"
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "folder": "/elsewhere"}))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_stamp, "was not finished"),
        (spoil_stamp_content, "was not finished"),
        (spoil_python, "does not start any more"),
        (spoil_folder, "another name"),
    ],
)
def test_a_venv_that_is_not_whole_is_made_again(bootstrap, house, steps, capsys, spoil, said):
    start(bootstrap, house)
    steps.clear()
    spoil(house)
    start(bootstrap, house)
    out = capsys.readouterr().out
    assert said in out and "making it again" in out
    assert "--clear" in steps[0] and len(steps) == 4
    assert bootstrap.state(str(house)) == "ready"


def test_the_environment_is_only_its_own(bootstrap, house, steps, monkeypatch):
    start(bootstrap, house)
    bootstrap.handed_over.clear()
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "UV_TARGET"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("PIP_USER", "1")
    assert "/elsewhere" not in bootstrap.environment().values() and bootstrap.environment()["PIP_USER"] == "0"
    start(bootstrap, house)
    ((_, environment),) = bootstrap.handed_over
    assert "PYTHONPATH" not in environment and "PYTHONHOME" not in environment


def test_on_windows_the_course_runs_as_a_child(bootstrap, house, monkeypatch):
    monkeypatch.setattr(bootstrap, "WINDOWS", True)
    script = house / ".venv" / "Scripts" / "python.exe"
    assert bootstrap.venv_python(str(house)) == str(script)
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\nexit 7\n")
    script.chmod(0o755)
    assert bootstrap.hand_over(str(house), ["learn"]) == 7


# --- what can go wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 13)])
def test_an_old_python_is_told_what_is_needed(bootstrap, version):
    with pytest.raises(bootstrap.Problem) as problem:
        bootstrap.check_python(version)
    said = str(problem.value)
    assert ".".join(map(str, version)) in said and "3.11" in said and "make learn PYTHON=python3.12" in said
    bootstrap.check_python((3, 11, 0))
    bootstrap.check_python((4, 0, 0))


def test_bootstrap_is_in_the_language_of_old_pythons():
    text = (ROOT / "bootstrap.py").read_text(encoding="utf-8")
    text.encode("ascii")  # consoles of old systems, and Python 2 without a coding line
    new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef, ast.Match, ast.Nonlocal, ast.YieldFrom)
    for node in ast.walk(ast.parse(text)):
        assert not isinstance(node, new), ast.dump(node)
        if isinstance(node, ast.FunctionDef):
            asked = [*node.args.args, *node.args.kwonlyargs]
            assert node.returns is None and not node.args.kwonlyargs and not any(one.annotation for one in asked)
        if isinstance(node, ast.Raise):
            assert node.cause is None


def old_pythons() -> list[str]:
    found = {name: shutil.which(name) for name in ("python2.7", *(f"python3.{minor}" for minor in range(4, 11)))}
    pyenv = Path(os.environ.get("PYENV_ROOT", "/nowhere")) / "versions"
    paths = [path for path in found.values() if path] + [str(path / "bin/python") for path in pyenv.glob("[23].*")]
    ask = "import sys; sys.exit(sys.version_info[:2] >= (3, 11))"
    return [
        path
        for path in paths
        if Path(path).exists() and subprocess.run([path, "-c", ask], capture_output=True).returncode == 0
    ]


def test_real_old_pythons_read_it_and_say_so(house):
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no Python older than 3.11 on this machine")
    for python in pythons:
        done = subprocess.run([python, str(house / "bootstrap.py"), "learn"], capture_output=True, text=True)
        assert done.returncode == 1 and "the course needs Python 3.11 or newer" in done.stderr, python
        assert "Traceback" not in done.stderr and not (house / ".venv").exists()


def test_without_a_network_the_first_start_is_a_message(house, tmp_path):
    """Real: a real .venv, a real pip, and an index where nobody answers."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    environment |= {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "TMPDIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, str(house / "bootstrap.py"), "learn"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "package index cannot be reached" in done.stderr and "HTTPS_PROXY" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    log = re.search(r"All that was printed: (.*\.log)", done.stderr)[1]
    assert "127.0.0.1" in Path(log).read_text()
    assert not (house / ".venv/ospolab-stamp.json").exists()


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("ERROR: NewConnectionError('Failed to establish a new connection')", "index cannot be reached"),
        ("error: Failed to fetch: x\n cause: invalid peer certificate: UnknownIssuer", "index cannot be reached"),
        ("error: failed to copy file\n cause: No space left on device (os error 28)", "The disk is full"),
        ("error: Permission denied (os error 13)", "Nothing can be written into"),
        ("one\n\ntwo\nsomething never seen", "something never seen"),
    ],
)
def test_a_failed_install_is_explained_and_its_log_is_named(bootstrap, house, steps, monkeypatch, capsys, output, said):
    monkeypatch.setattr(bootstrap, "create", lambda root, log: None)
    monkeypatch.setattr(bootstrap, "run", failing(output))
    assert start(bootstrap, house) == 1
    err = capsys.readouterr().err
    assert said in err and "Traceback" not in err
    log = Path(re.search(r"All that was printed: (.*\.log)", err)[1])
    assert output in log.read_text()
    log.unlink()
    assert bootstrap.handed_over == []


def test_where_uv_does_not_get_through_pip_is_tried(bootstrap, house, steps, monkeypatch):
    real = bootstrap.run

    def run(label, command, log):
        real(label, command, log)
        return command[1:5] != ["pip", "install", "--python", command[4]] or "-e" in command, "failed to fetch"

    monkeypatch.setattr(bootstrap, "run", run)
    start(bootstrap, house)
    assert steps[3][1:4] == ["-m", "pip", "install"] and len(bootstrap.handed_over) == 1


def test_an_update_without_a_network_opens_the_course_as_it_was(bootstrap, house, steps, monkeypatch, capsys):
    start(bootstrap, house)
    (house / "requirements.txt").write_text("# changed\n")
    monkeypatch.setattr(bootstrap, "run", failing("dns error"))
    start(bootstrap, house, "learn")
    out = capsys.readouterr().out
    assert "Going on with the packages of before" in out and len(bootstrap.handed_over) == 2
    assert start(bootstrap, house, "test") == 1 and len(bootstrap.handed_over) == 2
    assert bootstrap.state(str(house)) == "update"  # tried again next time
    for log in re.findall(r"All that was printed: (.*\.log)", out + capsys.readouterr().err):
        Path(log).unlink()


def test_a_full_disk_is_noticed_before_anything_is_done(bootstrap, house, steps, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type("Usage", (), {"free": 12_000_000}))
    assert start(bootstrap, house) == 1
    err = capsys.readouterr().err
    assert "The disk is full" in err and "12 MB free" in err and steps == []


def test_a_folder_that_cannot_be_written_is_named(bootstrap, house, steps, monkeypatch, capsys):
    def refuse(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(bootstrap.tempfile, "mkstemp", refuse)
    assert start(bootstrap, house) == 1
    err = capsys.readouterr().err
    assert f"Nothing can be written into {house}" in err and "git clone" in err and steps == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder here that even root cannot write into")
def test_a_folder_nobody_can_write_into(bootstrap):
    with pytest.raises(bootstrap.Problem, match="Nothing can be written into /proc"):
        bootstrap.check_folder("/proc")


def test_a_file_called_venv_is_in_the_way(bootstrap, house, steps, capsys):
    (house / ".venv").write_text("mine")
    assert start(bootstrap, house) == 1
    assert "is in the way" in capsys.readouterr().err and (house / ".venv").read_text() == "mine"


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_debian_without_python3_venv(bootstrap, house, steps, monkeypatch, capsys, module):
    monkeypatch.setitem(sys.modules, module, None)
    assert start(bootstrap, house) == 1
    assert "sudo apt install python3-venv" in capsys.readouterr().err and steps == []


def test_a_missing_git_is_mentioned_and_no_obstacle(bootstrap, house, steps, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    start(bootstrap, house)
    assert "git was not found" in capsys.readouterr().out and len(bootstrap.handed_over) == 1


def test_an_incomplete_checkout_is_named(bootstrap, house, steps, capsys):
    (house / "requirements.txt").unlink()
    assert start(bootstrap, house) == 1
    assert "requirements.txt cannot be read" in capsys.readouterr().err


def test_ctrl_c_is_quiet_and_the_next_run_mends(bootstrap, house, steps, monkeypatch, capsys):
    real = bootstrap.run

    def run(label, command, log):
        if "-r" in command:
            raise KeyboardInterrupt
        return real(label, command, log)

    monkeypatch.setattr(bootstrap, "run", run)
    assert start(bootstrap, house) == 130
    assert "Run the same command again" in capsys.readouterr().err
    assert bootstrap.state(str(house)) == "half-made" and bootstrap.handed_over == []
    monkeypatch.setattr(bootstrap, "run", real)
    start(bootstrap, house)
    assert len(bootstrap.handed_over) == 1


def test_a_step_shows_its_seconds_and_keeps_its_words(bootstrap, capsys):
    log = bootstrap.Log()
    say = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    worked, output = bootstrap.run("trying", [sys.executable, "-c", say], log)
    assert not worked and set(output.split()) == {"out", "err"}
    assert re.search(r"trying +\d+\.\d s  failed", capsys.readouterr().out)
    worked, output = bootstrap.run("again", [sys.executable, "-c", "print(2)"], log)
    assert worked and output.split() == ["2"]
    assert not bootstrap.run("gone", ["/gone/uv"], log)[0]
    log.close(keep=False)
    assert not Path(log.path).exists()


# --- make ------------------------------------------------------------------------------------------------------------

needs_make = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def make(*arguments: str) -> subprocess.CompletedProcess:
    # Under `make test` an outer make would leave its own flags in the environment.
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=alone, capture_output=True, text=True)


@needs_make
def test_make_alone_lists_every_target():
    listed = make().stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].split()
    assert [line.split()[1] for line in listed.splitlines()] == phony
    assert set(COMMANDS) - {"progress"} < set(phony)


@needs_make
@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "progress"])
def test_make_hands_over_to_bootstrap(command):
    assert f"bootstrap.py {command}" in make("-n", command).stdout


@needs_make
def test_make_without_a_python_says_how_to_name_one():
    done = make("learn", "PYTHON=no-such-python")
    assert done.returncode and "No no-such-python was found" in done.stderr and "PYTHON=python3.12" in done.stderr


def test_ci_runs_make_test_and_stops_at_errors():
    script = (ROOT / ".ci/run").read_text()
    assert script.startswith("#!/usr/bin/env bash\n") and "set -euo pipefail" in script
    assert script.rstrip().endswith("make test") and os.access(ROOT / ".ci/run", os.X_OK)


# --- ospolab ---------------------------------------------------------------------------------------------------------


def ospolab(*arguments: str):
    return CliRunner().invoke(cli.app, list(arguments))


def test_help_names_every_command_and_grade_says_what_it_does():
    listed = ospolab("--help").output
    assert all(command in listed for command in COMMANDS)
    assert "without isolation" in " ".join(ospolab("grade", "--help").output.replace("│", "").split())


def test_help_starts_fast():
    heavy = ("jupyter", "nbformat", "nbgrader", "pandas", "matplotlib", "IPython", "pydantic", "ospolab.learner")
    show = "import sys; import ospolab.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True).stdout.split()
    assert not [name for name in loaded if name.startswith(heavy)]


def test_exit_codes(tmp_path, monkeypatch):
    monkeypatch.setattr(the_course, "root", lambda: tmp_path)
    assert ospolab("nonsense").exit_code == 2
    assert ospolab("learn", "--port", "99999").exit_code == 2
    none = ospolab("progress")
    assert none.exit_code == 1 and "make learn" in none.output
    unknown = ospolab("grade", "nonsense")
    assert unknown.exit_code == 1 and 'no exercise "nonsense"' in unknown.output
    (tmp_path / "my-course").write_text("a file in the way")
    blocked = ospolab("learn", "--no-browser")
    assert blocked.exit_code == 1 and "in the way" in blocked.output


def test_the_copy_one_stands_in_is_meant_before_my_course(tmp_path, monkeypatch):
    from ospolab.learner import welcome
    from ospolab.portfolio import shelf

    monkeypatch.setattr(the_course, "root", lambda: tmp_path / "course")
    monkeypatch.setattr(welcome, "summary", lambda home: f"copy: {home.name}")
    monkeypatch.setattr(shelf, "show", lambda console: console.print(Path.cwd().name))
    for name in ("course/my-course", "mine", "third"):
        (tmp_path / name / ".ospolab").mkdir(parents=True)
    (tmp_path / "mine" / "exercises").mkdir()
    monkeypatch.chdir(tmp_path / "mine" / "exercises")
    assert "copy: mine" in ospolab("progress").output
    assert "copy: third" in ospolab("progress", "--folder", str(tmp_path / "third")).output
    assert "mine" in ospolab("portfolio").output
    monkeypatch.chdir(tmp_path)
    assert "copy: my-course" in ospolab("progress").output


def test_bench_runs_what_there_is(tmp_path, monkeypatch):
    monkeypatch.setattr(the_course, "root", lambda: tmp_path)
    nothing = ospolab("bench")
    assert nothing.exit_code == 0 and "no benchmarks yet" in nothing.output
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "a.py").write_text("raise SystemExit(3)")
    (tmp_path / "benchmarks" / "b.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert ospolab("bench").exit_code == 1 and (tmp_path / "ran").exists()


def test_outside_a_checkout_the_command_is_a_message(tmp_path):
    show = "import ospolab.course as c, ospolab.cli, sys; c.__file__ = '/gone/ospolab/course.py'; ospolab.cli.main()"
    done = subprocess.run([sys.executable, "-c", show, "progress"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and "make learn" in done.stderr and "Traceback" not in done.stderr


def test_an_authoring_task_that_says_no_is_a_failure():
    with pytest.raises(cli.typer.Exit) as status:
        cli.author(lambda: False)
    assert status.value.exit_code == 1
    with pytest.raises(cli.typer.Exit) as status:
        cli.author(lambda: Path("site"))
    assert status.value.exit_code == 0
    with pytest.raises(ZeroDivisionError):
        cli.author(lambda: 1 / 0)


def test_steps_go_on_after_a_failure_and_fail_in_the_end(tmp_path, capfd):
    python = sys.executable
    selected = [
        suite.Step("first", (python, "-c", "print('one'); raise SystemExit(4)")),
        suite.Step("second", (python, "-c", "print('1 passed in 0.1s')")),
        suite.Step("third", ("/gone/program",)),
    ]
    assert suite.run(tmp_path, selected) == 1
    out = capfd.readouterr().out
    assert "1 passed in 0.1s" in out and "exit status 4" in out and "could not be started" in out
    assert suite.run(tmp_path, selected[1:2]) == 0


def test_what_make_test_runs():
    names = [step.name for step in suite.steps()]
    assert names == ["ruff check", "ruff format", "book", "pytest", "lessons (nbval)"]
    nbval = suite.steps()[-1].command
    assert {"--nbval", "notebooks", "60", "loadscope"} <= set(nbval)  # strict: not --nbval-lax
