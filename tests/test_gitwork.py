"""Repositories that lessons build: the same every time, thrown away, and the learner's settings left alone."""

from pathlib import Path

import pytest

from ospolab import gitwork

pytestmark = pytest.mark.skipif(not gitwork.available(), reason="needs git")


def test_the_same_steps_make_the_same_history_and_leave_the_learners_settings_alone(tmp_path, monkeypatch):
    settings = tmp_path / ".gitconfig"
    settings.write_text("[user]\n\tname = Somebody Else\n[init]\n\tdefaultBranch = other\n[commit]\n\tgpgSign = true\n")
    before = settings.read_bytes()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody Else")
    ids = []
    for _ in range(2):
        with gitwork.repository() as repo:
            repo.write("docs/a.md", "one\n")
            repo.commit("Say one", on="2025-03-01", by="release manager")
            repo.remove("docs/a.md")
            repo.write("b.md", "two\nlines\n")
            ids.append(repo.commit("Say two", on="2025-03-02"))
            who = repo.git("log", "--format=%an <%ae> %ad|%cn <%ce> %cd", "--date=short", "--reverse").splitlines()
            assert repo.tree() == {"b.md": "two\nlines\n"}
            assert repo.tree("HEAD~1") == {"docs/a.md": "one\n"}
            assert repo.git("branch", "--show-current") == "main"
            copy = repo.clone("copy")
            assert copy.git("rev-parse", "HEAD") == ids[-1]
            folder = repo.folder
        assert not folder.exists()
    assert ids[0] == ids[1]
    manager = "The release manager <release-manager@example.org> 2025-03-01"
    assert who[0] == f"{manager}|{manager}"
    assert settings.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [".gitconfig"]


def test_what_cannot_be_done_is_said(tmp_path, monkeypatch):
    (tmp_path / "mine.txt").write_text("here before")
    with pytest.raises(ValueError, match="not empty"), gitwork.repository(tmp_path):
        pass
    with gitwork.repository(tmp_path / "new") as repo:
        with pytest.raises(ValueError, match="working tree"):
            repo.write("../mine.txt", "gone")
        with pytest.raises(ValueError, match="working tree"):
            repo.write(".git/hooks/pre-commit", "echo")
        with pytest.raises(RuntimeError, match="git commit"):
            repo.commit("Nothing", on="2025-03-01")
        assert repo.git("grep", "nothing", check=False) == ""
    assert (tmp_path / "new").exists() and (tmp_path / "mine.txt").read_text() == "here before"
    monkeypatch.setenv("PATH", str(Path(tmp_path)))
    with pytest.raises(gitwork.NoGit, match="Install it"), gitwork.repository():
        pass
