"""JupyterLab as `make learn` and `make teach` start it: where, with what settings, and what it says."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import fakecourse
import pytest
from fakecourse import NAME

from ospolab import cli
from ospolab.learner import serve

AS_IF = "import sys; from pathlib import Path; from ospolab import cli, course; from ospolab.learner import serve; "
AS_IF += "home = Path(sys.argv.pop(1)); course.root = lambda: home; serve.FIRST_PORT = int(sys.argv.pop(1)); cli.main()"


class Started:
    """An `ospolab` command that serves, with what it has printed so far."""

    def __init__(self, course: Path, first_port: int, *arguments: str):
        # Jupyter's folders are the test's own: nothing of this machine's user is read or written.
        own = {f"JUPYTER_{kind}_DIR": str(course / "jupyter" / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
        gone = {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "JUPYTER_TOKEN", "OSPOLAB_EXCHANGE"}
        own |= {"HOME": str(course / "user"), "SHELL": shutil.which("bash") or "/bin/sh"}
        self.environment = {name: value for name, value in os.environ.items() if name not in gone} | own
        self.command = [sys.executable, "-c", AS_IF, str(course), str(first_port)]
        self.output = course / f"{arguments[0]}.out"
        with self.output.open("w") as out:
            self.process = subprocess.Popen(
                [*self.command, *arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self.environment | {"PYTHONUNBUFFERED": "1"},
                start_new_session=True,
                # A shell has what it starts in the background ignore Ctrl+C, and that is inherited.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        until = time.monotonic() + 90
        while "To stop" not in self.said and self.process.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        assert "To stop" in self.said, self.said

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def address(self) -> str:
        return next(word for word in self.said.split() if word.startswith("http://127.0.0.1"))

    def get(self, path: str) -> str:
        parts = urlsplit(self.address)
        with urllib.request.urlopen(f"http://{parts.netloc}{path}{'&' if '?' in path else '?'}{parts.query}") as page:
            return page.read().decode()

    def again(self, *arguments: str) -> subprocess.CompletedProcess:
        command = [*self.command, *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)

    def interrupt(self) -> int:
        """Ctrl-C twice, by someone impatient; a terminal sends it to every process of the group."""
        os.killpg(self.process.pid, signal.SIGINT)
        until = time.monotonic() + 30
        while "Stopping" not in self.said and self.process.poll() is None:
            assert time.monotonic() < until, f"Ctrl+C was not heard: {self.said}"
            time.sleep(0.05)
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(30)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    made = fakecourse.make(tmp_path_factory.mktemp("serve") / "course")
    fakecourse.write(made / "user" / ".profile", "export PATH=/usr/bin:/bin\n")  # as a system's own does
    return made


@pytest.fixture(scope="module")
def taken():
    """A port of which the test is sure that it is taken."""
    with socket.socket() as other:
        other.bind((serve.HOST, 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture(scope="module")
def learning(course, taken):
    started = Started(course, taken, "learn")
    yield started
    started.end()


# --- one JupyterLab for a learner ------------------------------------------------------------------------------------


def test_it_says_where_it_is_and_that_it_took_another_port(learning, taken):
    assert f"Port {taken} is taken; using " in learning.said
    assert "JupyterLab is open at http://127.0.0.1:" in learning.said
    assert "No browser could be opened from here" in learning.said
    assert learning.said.count("http://") == 1  # one clear line
    assert "token=" in learning.address


def test_a_second_start_says_where_the_first_is(learning):
    second = learning.again("learn", "--no-browser")
    assert second.returncode == 0
    assert "already open" in second.stdout and learning.address in second.stdout


def test_a_taken_port_that_was_asked_for_is_a_message(learning, course):
    port = str(urlsplit(learning.address).port)
    other = learning.again("learn", "--port", port, "--folder", str(course / "other"))
    assert other.returncode == 1
    assert f"Port {port} is taken" in other.stderr and "Traceback" not in other.stderr
    assert not (course / "other").exists()


def test_settings_for_learners(learning):
    settings = learning.get("/lab/api/settings")
    overrides = {entry["id"]: entry["schema"].get("properties") for entry in json.loads(settings)["settings"]}
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"]["default"] == "false"
    viewers = overrides["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers["default"] == {"markdown": "Markdown Preview"}
    page = learning.get("/lab")
    config = json.loads(page.split('id="jupyter-config-data"')[1].split(">", 1)[1].split("</script>")[0])
    off = {name for name in config["disabledExtensions"] if name.startswith("@jupyter/nbgrader")}
    names = ("assignment-list", "course-list", "create-assignment", "formgrader", "menu")
    assert off == {f"@jupyter/nbgrader:{name}" for name in names}  # Validate stays
    assert config["news"] == {"disabled": True}


def test_a_terminal_stands_in_the_copy_and_knows_the_command(learning, course):
    parts = urlsplit(learning.address)
    asked = urllib.request.Request(f"http://{parts.netloc}/api/terminals?{parts.query}", data=b"{}", method="POST")
    with urllib.request.urlopen(asked) as answer:
        name = json.load(answer)["name"]
    said = asyncio.run(typed(f"ws://{parts.netloc}/terminals/websocket/{name}?{parts.query}", "ospolab progress; pwd"))
    assert f"{course / 'my-course'}\r\n" in said
    assert "So far: 0 of" in said and "not found" not in said


async def typed(terminal: str, line: str) -> str:
    """What a terminal shows after a line is typed into it; `echo` marks the end."""
    from tornado.websocket import websocket_connect

    said, socket = "", await websocket_connect(terminal)
    await socket.write_message(json.dumps(["stdin", f"{line}; echo the-e''nd\r"]))
    async with asyncio.timeout(20):
        while "the-end" not in said:
            kind, *rest = json.loads(await socket.read_message())
            said += rest[0] if kind == "stdout" else ""
    socket.close()
    return said


def test_the_answers_of_a_quiz_do_not_lie_beside_the_lesson(learning, course):
    listed = json.loads(learning.get("/api/contents/notebooks/environmentalist"))["content"]
    assert [file["name"] for file in listed] == ["community-engagement.ipynb"]
    assert (course / "my-course" / fakecourse.QUIZ).is_file()  # where the lesson finds it


@pytest.mark.browser
def test_the_welcome_page_leads_to_the_lesson_and_asks_nobody_outside(learning):
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(learning.address)
        page.set_default_timeout(60_000)
        page.locator(".jp-MarkdownViewer h1", has_text="Welcome").wait_for()
        page.locator(".jp-MarkdownViewer a", has_text="The metric that improved").first.click()
        page.locator(".jp-NotebookPanel b", has_text="stored table").wait_for()  # trusted: shown before anything is run
        page.locator(".jp-NotebookPanel a", has_text="the exercise").click()
        page.locator(".jp-NotebookPanel h1", has_text="Exercise").wait_for()
        page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)").get_by_text("Validate", exact=True).wait_for()
        assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0
        assert "Nbgrader" not in page.locator(".lm-MenuBar").inner_text()
        browser.close()
    assert asked and not [url for url in asked if urlsplit(url).hostname not in ("127.0.0.1", None, "")]


def test_ctrl_c_stops_it_and_says_where_the_work_is(learning, course):
    port = urlsplit(learning.address).port
    assert learning.interrupt() == 0
    assert "Your work is in" in learning.said and str(course / "my-course") in learning.said
    assert "Traceback" not in learning.said
    assert not serve.answers(port)


# --- the instructor's ------------------------------------------------------------------------------------------------


def test_teach_opens_formgrader_and_the_assignment_list(course, taken):
    teaching = Started(course, taken, "teach", "--no-browser")
    try:
        assert "Manage Assignments" in teaching.get("/formgrader/manage_assignments")
        (assignment,) = json.loads(teaching.get("/formgrader/api/assignments"))
        assert assignment["name"] == NAME
        listed = json.loads(teaching.get("/assignments?course_id=ospolab"))
        assert listed == {"success": True, "value": []}  # an exchange is there; nothing is released yet
        assert "@jupyter/nbgrader:" not in teaching.get("/lab").split("disabledExtensions", 1)[1].split("]", 1)[0]
    finally:
        teaching.end()


# --- without starting one --------------------------------------------------------------------------------------------


def test_a_server_that_ends_at_once_is_explained(course, tmp_path, monkeypatch):
    monkeypatch.setattr(serve.sys, "executable", shutil.which("false") or "false")
    with pytest.raises(serve.ServeError, match="ended at once"):
        serve.serve(tmp_path, scratch=tmp_path, browser=False)


def test_without_a_free_port_it_gives_up(monkeypatch):
    monkeypatch.setattr(serve, "is_free", lambda port: False)
    with pytest.raises(serve.ServeError, match="--port 9500"):
        serve.choose_port(None)


def test_notes_of_dead_or_foreign_servers_are_ignored(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    with socket.socket() as free:
        free.bind((serve.HOST, 0))
        dead = free.getsockname()[1]
    note = {"url": f"http://127.0.0.1:{dead}/", "token": "t", "root_dir": str(tmp_path), "port": dead}
    (tmp_path / "jpserver-1.json").write_text(json.dumps(note))
    (tmp_path / "jpserver-2.json").write_text("{")
    (tmp_path / "jpserver-3.json").write_text('{"url": 3}')
    assert serve.running_on(tmp_path) is None
    with socket.socket() as alive:
        alive.bind((serve.HOST, dead))
        alive.listen()
        assert serve.running_on(tmp_path).address == f"http://127.0.0.1:{dead}/?token=t"
        assert serve.running_on(tmp_path / "elsewhere") is None


@pytest.mark.parametrize("platform", ["linux"])
def test_no_text_browser_takes_over_the_terminal(monkeypatch, platform):
    monkeypatch.setattr(serve.sys, "platform", platform)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert not serve.can_open_browser()


def test_programs_of_the_environment_are_found(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin")
    cli.put_environment_on_path()
    cli.put_environment_on_path()
    ours = Path(sys.executable).parent
    assert os.environ["PATH"] == f"{ours}{os.pathsep}/usr/bin"
    monkeypatch.setenv("PATH", f"/usr/bin{os.pathsep}{ours}")  # there, but another one's comes first
    cli.put_environment_on_path()
    assert os.environ["PATH"] == f"{ours}{os.pathsep}/usr/bin"
