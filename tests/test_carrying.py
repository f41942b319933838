"""Patches carried over the releases of a project that is built here: what git reports, and what only a test finds."""

import pytest

from ospolab import carrying, gitwork

needs_git = pytest.mark.skipif(not gitwork.available(), reason=gitwork.MISSING)
HISTORIES = [("lesson", False), ("lesson", True), ("exercise", False)]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Each history, carried once by git: {(fork, give_back): (what was counted, the folder of its repository)}."""
    made = {}
    for fork, give_back in HISTORIES:
        folder = tmp_path_factory.mktemp("fork")
        made[fork, give_back] = (carrying.carry(fork, give_back, folder), folder)
    return made


@needs_git
@pytest.mark.parametrize("history", HISTORIES)
def test_what_the_lab_remembers_is_what_git_counts(built, history):
    counted, kept = built[history][0], carrying.remembered(*history)
    assert counted.updates == kept.updates
    assert counted.lines.to_dict() == kept.lines.to_dict()
    assert counted.met.to_dict() == kept.met.to_dict()


def test_the_smallest_patch_conflicts_most():
    kept = carrying.remembered()
    assert kept.lines.to_dict() == {"timeout": 2, "alarm": 11, "house style": 35}
    assert kept.conflicts().to_dict() == {"timeout": 5, "alarm": 1, "house style": 1}
    assert kept.met.to_dict() == kept.conflicts().to_dict()


def test_a_break_that_git_calls_clean_is_found_by_the_test_of_the_fork():
    broken = carrying.remembered().quiet()
    assert (broken.release, broken.patch, broken.files, broken.lines) == ("1.4", "alarm", "", 0)
    assert broken.said.endswith("the alarm rang 0 times")


def test_giving_one_back_leaves_waiting_glue_and_the_others():
    before, after = carrying.remembered().conflicts(), carrying.remembered(give_back=True).conflicts()
    assert (before.sum(), after.sum()) == (7, 4)
    assert after.to_dict() == {"timeout": 2, "alarm": 1, "house style": 1}


def test_a_patch_of_which_upstream_has_the_very_same_is_carried_no_further():
    grid = carrying.remembered("exercise").grid()
    assert list(grid.loc["spelling"]) == ["clean", "clean", "already there", "", "", ""]
    assert grid.loc["rising", "1.4"] == "quiet break"
    assert int(carrying.remembered("exercise").conflicts().sum()) == 6


@needs_git
def test_the_repository_holds_what_was_told(built):
    folder = built["lesson", False][1]
    repo = gitwork.Repository(folder, folder.parent)
    assert repo.git("tag").split() == ["v1.0", "v1.1", "v1.2", "v1.3", "v1.4", "v1.5", "v1.6"]
    assert repo.git("log", "--format=%s", "v1.6..ours-1.6").splitlines() == [
        "Print readings in our house style",
        "Warn when the river reaches the flood mark",
        "Give up on a gauge after ten seconds",
    ]
    assert "timeout=10" in repo.git("show", "ours-1.6:ask.py")
    assert "FLOOD = 4.5  # metres" in repo.git("show", "ours-1.4:alarm.py")
    assert "FLOOD = 450" in repo.git("show", "ours-1.3:alarm.py")
    assert set(repo.git("log", "--all", "--format=%an <%ae>").splitlines()) == {
        "The maintainer <maintainer@example.org>",
        "The keeper <keeper@example.org>",
    }


@needs_git
def test_upstream_has_the_patch_and_the_fork_a_line_of_glue(built):
    folder = built["lesson", True][1]
    repo = gitwork.Repository(folder, folder.parent)
    assert "timeout=patience" in repo.git("show", "v1.6:ask.py")
    glue = repo.git("log", "--format=%s", "-1", "--grep=not thirty", "ours-1.6")
    assert glue == "Give up after ten seconds, not thirty"
    assert repo.git("diff", "--name-only", "v1.6", "ours-1.6").split() == ["alarm.py", "cli.py", "house.py", "show.py"]


@needs_git
def test_the_conflict_that_the_lesson_prints_is_the_one_that_git_makes(built):
    folder = built["lesson", False][1]
    repo = gitwork.Repository(folder, folder.parent)
    repo.git("checkout", "--quiet", "--detach", "v1.1")
    first = repo.git("rev-list", "v1.0..ours-1.0").split()[-1]
    with pytest.raises(RuntimeError):
        repo.git("cherry-pick", "--no-commit", first)
    torn = (folder / "read.py").read_text()
    repo.git("reset", "--quiet", "--hard")
    assert "<<<<<<< HEAD\n    request = Request(address, headers=AGENT)\n    with urlopen(request) as answer:\n" in torn
    assert "=======\n    with urlopen(address, timeout=10) as answer:\n>>>>>>> " in torn


@needs_git
def test_nobodys_settings_are_read_or_written(built, tmp_path, monkeypatch):
    theirs = tmp_path / ".gitconfig"
    theirs.write_text("[user]\nname = Somebody\n[commit]\ngpgSign = true\n[merge]\nconflictStyle = diff3\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    again = carrying.carry("exercise", folder=tmp_path / "fork")
    assert again.updates == built["exercise", False][0].updates
    heads = []
    for folder in (built["exercise", False][1], tmp_path / "fork"):
        heads.append(gitwork.Repository(folder, tmp_path).git("rev-parse", "ours-1.6"))
    assert heads[0] == heads[1]
    assert "Somebody" in theirs.read_text() and sorted(path.name for path in tmp_path.iterdir()) == [
        ".gitconfig",
        "fork",
    ]


def test_without_git_it_says_so_and_shows_what_was_counted(monkeypatch, capsys):
    monkeypatch.setattr(gitwork, "available", lambda: False)
    assert carrying.carried().updates == carrying.remembered().updates
    said = capsys.readouterr().out
    assert "git" in said and "counted when this was written" in said
    with pytest.raises(gitwork.NoGit):
        carrying.carry()
