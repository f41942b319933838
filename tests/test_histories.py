"""A repository of one's own, counted: people told apart, nobody named."""

import subprocess
from datetime import date

import pytest
from typer.testing import CliRunner

from ospolab import cli, health, histories


@pytest.fixture
def repository(tmp_path):
    """A small history: (month, name, address) a commit."""
    folder = tmp_path / "project"
    folder.mkdir()

    def git(*arguments, **environment):
        subprocess.run(
            ["git", "-C", str(folder), *arguments],
            check=True,
            capture_output=True,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(tmp_path), **environment},
        )

    def commit(month, name, address):
        when = f"{month}-15T12:00:00+00:00"
        git(
            "-c",
            f"user.name={name}",
            "-c",
            f"user.email={address}",
            "commit",
            "--allow-empty",
            "-m",
            "change",
            GIT_AUTHOR_DATE=when,
            GIT_COMMITTER_DATE=when,
        )

    git("init", "-q")
    for month in ("2020-01", "2020-02", "2020-03"):
        commit(month, "Ada Example", "ada@old.example")
    commit("2020-03", "Ada Example", "ada@new.example")  # another address, the same name of two words
    commit("2020-04", "A. E.", "ada@new.example")  # another name, a known address
    commit("2020-04", "Robot", "robot[bot]@users.example")
    for _ in range(3):
        commit("2022-05", "Ben", "ben@example.org")
    return folder


def test_people_are_told_apart_and_bots_left_out(repository):
    history = histories.commits_by_month(repository, today=date(2022, 8, 20))
    assert (str(history.index[0]), str(history.index[-1])) == ("2020-01", "2022-07")
    assert sorted(history.sum()) == [3, 5]
    assert history.loc["2020-03"].sum() == 2 and history.loc["2021-06"].sum() == 0


def test_two_numbers_that_turn_out_to_be_one_person_are_joined():
    people = histories._Contributors()
    first, second = people.number("a@x.org", "Cat One"), people.number("b@x.org", "Cat")
    assert first != second
    people.number("b@x.org", "Cat One")
    assert people.merged(first) == people.merged(second)


def test_a_single_word_is_no_identity():
    people = histories._Contributors()
    assert people.number("a@x.org", "root") != people.number("b@x.org", "root")


def test_latest_says_whether_the_rule_rings(repository):
    history = histories.commits_by_month(repository, today=date(2022, 8, 20))
    figures = health.latest(history, health.Rule(window=12, new_for=24, threshold=25, fewest=3))
    assert figures["largest newcomer's share"] == "100%" and figures["the rule rings"] == "yes: ask"
    assert health.latest(history, health.Rule(12, 24, 25, 20))["the rule rings"] == "no"


def test_the_command_names_nobody(repository):
    done = CliRunner().invoke(cli.app, ["health", str(repository)])
    assert done.exit_code == 0, done.output
    assert "people" in done.output
    assert not any(word in done.output for word in ("Ada", "ada@", "Ben", "example.org"))


def test_what_is_no_repository_is_said(tmp_path, repository):
    with pytest.raises(histories.HistoryError, match="no folder"):
        histories.commits_by_month(tmp_path / "nowhere")
    (tmp_path / "plain").mkdir()
    with pytest.raises(histories.HistoryError, match="Clone the whole history"):
        histories.commits_by_month(tmp_path / "plain")
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{repository}", str(shallow)], check=True)
    with pytest.raises(histories.HistoryError, match="fetch --unshallow"):
        histories.commits_by_month(shallow)
