"""What the checks in exercises are made of."""

import pytest

from ospolab import checks

FORMS = """\
one:
  title: One
  fields:
    - {id: a, kind: number, label: The first, min: 0, max: 9}
    - {id: b, kind: number, label: The second, min: 0, max: 9}
rows:
  title: Rows
  fields:
    - id: uses
      kind: table
      label: Which are touched?
      rows:
        - {value: archive, text: "**The archive** that was sold"}
        - {value: relay, text: The relay}
      columns:
        - id: touched
          kind: choice
          label: Touched?
          options:
            - {value: "touched", text: "touch it"}
            - {value: "not", text: "do not touch it"}
            - {value: "ask", text: "ask the lawyer"}
"""


@pytest.fixture
def exercise(tmp_path, monkeypatch):
    (tmp_path / "forms.yml").write_text(FORMS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_score_counts_equal_parts():
    assert checks.score(4, True, False, True, True) == 3
    assert checks.score(2, 0.5, True) == 1.5
    assert checks.score(3, 7, -2) == 1.5  # a part is never more than whole, never less than nothing
    with pytest.raises(ValueError):
        checks.score(3)


def test_a_wrong_answer_takes_half_of_its_worth_back_and_an_open_one_nothing():
    assert checks.net(4, [True, True, True, True], 4) == 4
    assert checks.net(4, [True, True, True, False], 3) == 3
    assert checks.net(4, [True, True, True, False], 4) == 2.5
    assert checks.net(4, [True, False, False, False], 4) == 0


def test_result_says_what_is_missing_while_learning(exercise):
    with pytest.raises(AssertionError, match="2 answers are still missing in this form:\n- The first\n- The second"):
        checks.result("one", None)
    (exercise / "answers.yml").write_text("one: {a: 1, b: 2}\n")
    assert checks.result("one", None).startswith("Everything is answered")


def test_result_gives_the_points_when_graded(exercise):
    assert checks.result("one", 0.0) == 0.0
    assert checks.result("one", 2.5) == 2.5


def test_unseen_cases_follow_the_course_key(monkeypatch):
    monkeypatch.delenv("OSPOLAB_COURSE_KEY", raising=False)
    public = checks.unseen("task").random()
    assert checks.unseen("task").random() == public != checks.unseen("other task").random()
    monkeypatch.setenv("OSPOLAB_COURSE_KEY", "mine")
    assert checks.unseen("task").random() != public


def test_an_answer_that_cannot_be_read_costs_only_itself(exercise):
    (exercise / "answers.yml").write_text("one: {a: 77, b: 2}\n")
    assert checks.given("one") == {"b": 2}


def test_an_answer_that_does_not_fit_costs_no_point_of_another(exercise, capsys):
    (exercise / "answers.yml").write_text("one: {a: 77}\n")
    assert checks.result("one", 2.5) == 2.5
    told = capsys.readouterr().out
    assert 'answers.yml, line 1: "a" (The first) is "77"; expected' in told and "2 answers are still missing" in told
    with pytest.raises(ValueError, match=r'"a" .The first. is "77"'):
        checks.result("one", None)


def test_one_wrong_cell_of_a_table_costs_only_itself(exercise, capsys):
    wrong = "rows: {uses: {archive: {touched: perhaps}, relay: {touched: ask}, realy: {touched: ask}}}\n"
    (exercise / "answers.yml").write_text(wrong)
    assert checks.given("rows") == {"uses": {"relay": {"touched": "ask"}}}
    assert checks.result("rows", 1.0) == 1.0
    told = capsys.readouterr().out
    assert "in row archive, column touched" in told and "did you mean relay?" in told


def test_cells_hold_or_say_what_does_and_why(exercise, capsys):
    key = {"archive": ("not", "What was given stays given."), "relay": ("touched ask", "The word is open.")}
    (exercise / "answers.yml").write_text("rows: {uses: {archive: {touched: ask}, relay: {touched: ask}}}\n")
    assert checks.cells("rows", "uses", "touched", key) == [False, True]
    told = capsys.readouterr().out
    assert told == ("- The archive that was sold What holds: “do not touch it”. What was given stays given.\n")
    checks.cells("rows", "uses", "touched", key, tell_all=True)
    accepted = "Accepted: “touch it” or “ask the lawyer”. The word is open."
    assert accepted in capsys.readouterr().out.replace("\n  ", " ")
    (exercise / "answers.yml").write_text("rows: {}\n")
    assert checks.cells("rows", "uses", "touched", key) == [False, False]
    assert capsys.readouterr().out == ""
