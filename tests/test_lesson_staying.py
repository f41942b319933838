"""The views of "Newcomers who stay": what the explorer says, and the keys of the exercise."""

from itertools import product

import pytest

from ospolab import checks, course, responses, retention
from ospolab.authoring.cases import case
from ospolab.lessons import staying, staying_tasks
from ospolab.readiness import middle_wait


def test_one_control_turns_the_verdict_round():
    empty, gone = (staying._said("curl", "back", 4, unseen) for unseen in ("empty", "gone"))
    assert "newest cohort 2024, 13 % of 101" in empty and "within their range" in empty and "But" not in empty
    assert "newest cohort 2026, 0 % of 67" in gone and "worse than each of them" in gone
    assert "67 of the 67 have not been here that long" in gone
    assert "better than each" in staying._said("terraform", "three", 4, "empty")
    assert "newest cohort 2023, 24 % of 37" in staying._said("scorecard", "back", 4, "empty")
    assert "no conclusion" in staying._said("scorecard", "there", 8, "empty")


def test_the_explorer_answers_every_setting():
    for project, definition, unseen in product(retention.PROJECTS, retention.DEFINITIONS, staying.UNSEEN):
        for age in (1, 4, 8):
            assert "<b>" in staying._said(project, definition, age, unseen)
    assert staying.explorer().controls.keys() == {"project", "definition", "age", "unseen"}


def test_the_picture_says_in_words_what_its_cells_say():
    alt = staying.heat("scorecard", "back", 4, "empty").alt
    assert "2023 (37): 14 19 24 24" in alt and "2024 (21): few few few few few few · ·" in alt
    assert "2025 (33): few 15 15 15" in staying.heat("scorecard", "back", 4, "gone").alt


def test_no_cell_of_the_explorer_rests_on_fewer_than_five_people():
    for project, definition in product(retention.PROJECTS, retention.DEFINITIONS):
        for _, row in staying._found(project, definition).iterrows():
            for unseen in staying.UNSEEN:
                text, share = staying.cell(row, unseen)
                assert share is None or row["stayed"] == 0 or row["stayed"] >= 5, (project, definition, row, text)
    assert "not yet known" in staying.two_readings().alt and "2026: 0 %" in staying.opening().alt


def test_the_lessons_month():
    month = (staying.TRACKER, 1, staying.TODAY)
    words = staying.first_words(staying.TRACKER)
    assert [middle_wait(words[who].tolist()) for who in words] == [0, 2, 6]
    assert (responses.closure_ratio(*month), responses.closure_ratio(*month, of="open")) == (0.75, 6 / 9)
    assert (responses.acceptance_ratio(*month), responses.accepted_share(*month)) == (1, 0.5)
    assert responses.backlog(staying.TRACKER, staying.TODAY) == 3
    # The middle of all is that of Kaplan and Meier, as the lesson says.
    curve = retention.kaplan_meier(*zip(*responses.waits(staying.opened(), staying.TODAY), strict=True))
    assert curve[curve >= 0.5 - 1e-9].index[0] == 6


def test_the_exercises_month():
    assert {name: round(value, 2) for name, (value, _, _) in staying_tasks.tracker_key().items()} == {
        "answered": 7, "middle": 4, "closure": 0.7, "acceptance": 1.33, "backlog": 4, "silent": 1,
    }  # fmt: skip


def test_the_key_of_the_cells_follows_from_the_last_quarter():
    for cell, (value, _) in staying_tasks.CELLS.items():
        year, age = map(int, cell.removeprefix("c").split("-"))
        seen = sum(4 * year + quarter + age <= staying_tasks.LAST for quarter in range(4))
        assert value == ("whole" if seen == 4 else "part" if seen else "nobody"), cell
    # Nobody comes back before their time, and nobody leaves who came back.
    for newcomers, back in staying_tasks.COHORTS.values():
        assert list(back) == sorted(back) and back[-1] <= newcomers


def test_the_key_of_the_claims_follows_from_the_data():
    table = retention.by_definition().iloc[:, 1:]
    names = dict(zip(table.columns, ("back", "three", "second"), strict=True))

    def where(first, second):
        return {names[column] for column in table if table.loc[first, column] > table.loc[second, column]}

    table = table.fillna(100 * 4 / 135)  # the most that "few" can be in flask
    assert where("faker", "redis") == {"three"} and where("flask", "curl") == set()
    assert where("curl", "terraform") == {"back", "second"}
    assert (table.idxmax() == "scorecard").all()


def test_the_best_choice_needs_days_more_than_money():
    assert staying_tasks.best() == 14
    assert staying_tasks.fits(["sprint", "mentoring", "words"])
    assert not staying_tasks.fits(["sprint", "hours", "mentoring"]), "15 days"
    assert not staying_tasks.fits(["booth", "mentoring", "words", "hackathon"]), "8,100 euro"
    assert not staying_tasks.fits(["sprint", "course"]), "nothing for those who cannot travel"


@pytest.mark.parametrize("window", [2, 4])
def test_what_is_expected_of_a_learner_is_what_the_measure_gives(window):
    expected = staying_tasks.expected(retention.people("redis"), 4 * 2024 + 2, window)
    shares = retention.fair(retention.cohorts(retention.activity("redis"), retention.DEFINITIONS["back"], [window]))
    for (year, _), share in shares.items():
        assert expected[year] == (pytest.approx(share) if share == share else None)


REFERENCE = case("advocate-community-engagement", "reference")["answers"]["reports"]["decided"]


@pytest.mark.parametrize(
    ("report", "changed", "points"),
    [
        # Both answers of a pair may be right somewhere, and not together.
        ("lead", {"severity": "danger"}, 2.625),
        ("lead", {"severity": "danger", "route": "safety"}, 3),
        ("lead", {"aside": "all"}, 3),
        ("mentor", {"route": "team"}, 2.625),
        ("mentor", {"severity": "danger", "route": "safety"}, 3),
        ("address", {"severity": "friction"}, 2.625),
        # Half a pair is an open pair, and costs only itself.
        ("harsh", {"route": None}, 2.75),
        ("harsh", {"route": None, "answer": None}, 2.5),
    ],
)
def test_decisions_on_reports_count_in_pairs(monkeypatch, report, changed, points):
    decided = {name: dict(row) for name, row in REFERENCE.items()}
    decided[report] = {key: value for key, value in (decided[report] | changed).items() if value is not None}
    values = {"reports": {"decided": decided}}
    for module in (checks, staying_tasks):
        monkeypatch.setattr(module, "given", values.get)
    monkeypatch.chdir(course.root() / "exercises/source/advocate-community-engagement")
    assert staying_tasks.worth() == points
