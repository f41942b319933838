"""The small repository: what the linters say of it, and that nobody's git settings are touched."""

import shutil
import subprocess
import sys

import pytest

from ospolab import doorstep, gitwork
from ospolab.doorstep import HEADER


@pytest.fixture(scope="module")
def linted():
    return {name: doorstep.lint(getattr(doorstep, name)) for name in ("BARE", "TICKED", "FIXED", "HANDED_IN")}


def test_six_empty_files_make_a_linter_green(linted):
    assert [int(linted[name][0]["passes"].sum()) for name in linted] == [1, 6, 6, 4]
    added = set(doorstep.TICKED) - set(doorstep.BARE)
    assert len(added) == 6 and not any(doorstep.TICKED[name] for name in added)


def test_a_licences_folder_is_not_enough(linted):
    bare, ticked, fixed = (linted[name][1] for name in ("BARE", "TICKED", "FIXED"))
    assert not bare["compliant"] and not ticked["compliant"] and fixed["compliant"]
    assert ticked["unused_texts"] == ["Apache-2.0"] and ticked["missing_texts"] == ["MIT"]
    assert ticked["without_licence"] == bare["without_licence"] and "src/tide_table/moon.py" not in str(bare)


def test_the_exercise_lacks_two_labels_and_has_two_empty_ticks(linted):
    checks, reuse = linted["HANDED_IN"]
    assert reuse["without_licence"] == ["src/tide_table/__init__.py", "src/tide_table/harbour.py"]
    assert checks["passes"]["PY003"] and not doorstep.HANDED_IN["LICENSE"]
    assert doorstep.lint(doorstep.labelled(doorstep.HANDED_IN))[1]["compliant"]


def test_what_the_readme_promises_can_be_done():
    with doorstep.built(doorstep.FIXED, commit=False) as folder:
        command = [sys.executable, "-m", "tide_table", "40"]
        ran = subprocess.run(command, cwd=folder / "src", capture_output=True, text=True, check=True)
        assert ran.stdout == "10.5\n" and " ".join(command[1:3]) in (folder / "README.md").read_text()


@pytest.mark.skipif(not shutil.which("git"), reason="no git on this machine")
def test_git_has_an_identity_of_its_own_and_reads_no_other(tmp_path, monkeypatch):
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tname = Somebody\n\temail = somebody@example.org\n[commit]\n\tgpgsign = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    before = settings.read_text()
    with doorstep.built(doorstep.BARE) as folder:
        repository = gitwork.Repository(folder, tmp_path)
        said = repository.git("log", "--format=%an, %cn: %s")
        assert said == "The host team, The host team: Begin the tide table"
        assert repository.git("status", "--short") == ""
        with pytest.raises(RuntimeError):
            repository.git("log", "no-such-branch")
    assert not folder.exists() and settings.read_text() == before and not (tmp_path / "elsewhere").exists()


def test_it_builds_without_git(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with doorstep.built(doorstep.BARE) as folder:
        assert not (folder / ".git").exists() and (folder / "README.md").read_text() == "# Tide table\n"


@pytest.mark.parametrize("path", ["/etc/passwd", "../out.txt", "a/../../b", "", "c:\\x", "a\\b"])
def test_no_path_leaves_the_folder(path):
    with pytest.raises(ValueError, match="no path inside"), doorstep.built({path: "x"}, commit=False):
        pass


def test_labels_go_where_none_is_and_nowhere_else():
    files = {"a.py": "x = 1\n", "b.py": HEADER + "y = 1\n", "c.md": "c\n", "d.py": doorstep.THEIRS + "z = 1\n"}
    done = doorstep.labelled(files)
    assert done == {**files, "a.py": HEADER + "x = 1\n"}
    assert doorstep.label_faults(files, done) == {"labels": [], "keeps": []}
    assert doorstep.label_faults(files, files)["labels"] and not doorstep.label_faults(files, files)["keeps"]
    stamped = {name: HEADER + text for name, text in files.items()}
    faults = doorstep.label_faults(files, stamped)
    assert not faults["labels"] and len(faults["keeps"]) == 3
    assert doorstep.label_faults(files, {**done, "new.py": ""})["keeps"] == ["new.py was not there before."]
    assert doorstep.label_faults(files, {**done, "a.py": HEADER})["labels"]
    assert all(doorstep.label_faults(files, None).values())


def test_before_and_after_shows_what_can_be_shown():
    both = doorstep.before_and_after(doorstep.labelled)
    assert list(both.loc["REUSE: compliant"]) == ["no", "yes"]
    for broken in (lambda _: None, lambda _: {"../x": "y"}, lambda _: {"a.py": 1}, None, lambda: 1):
        assert list(doorstep.before_and_after(broken)) == ["before"]
