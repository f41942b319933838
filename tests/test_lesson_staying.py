"""The views of "Newcomers who stay": what the explorer says, and the keys of the exercise."""

from itertools import product

import pytest

from ospolab import responses, retention
from ospolab.lessons import staying, staying_tasks
from ospolab.readiness import middle_wait


def test_one_control_turns_the_verdict_round():
    empty, gone = (staying._said("curl", "back", 4, unseen) for unseen in ("empty", "gone"))
    assert "newest cohort 2024, 13 % of 101" in empty and "within their range" in empty and "But" not in empty
    assert "newest cohort 2026, 0 % of 67" in gone and "worse than each of them" in gone
    assert "67 of the 67 have not been here that long" in gone
    assert "better than each" in staying._said("curl", "there", 4, "empty")
    assert "worse than each" in staying._said("scorecard", "back", 4, "empty")


def test_the_explorer_answers_every_setting():
    for project, definition, unseen in product(retention.PROJECTS, retention.DEFINITIONS, staying.UNSEEN):
        for age in (1, 4, 8):
            assert "<b>" in staying._said(project, definition, age, unseen)
    assert staying.explorer().controls.keys() == {"project", "definition", "age", "unseen"}


def test_the_picture_says_in_words_what_its_cells_say():
    alt = staying.heat("flask", "back", 4, "empty").alt
    assert "2024 (14): 0 0 0 0 0 · · ·" in alt and "2026 (under 5): few few" in alt
    assert "2025 (13): 8 8 8 8 8 8 8 8" in staying.heat("flask", "back", 4, "gone").alt
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


def test_the_key_of_the_cells_follows_from_the_data():
    found = retention.cohorts(retention.activity(staying_tasks.PROJECT), retention.DEFINITIONS["back"])
    for cell, (value, _) in staying_tasks.CELLS.items():
        year, age = map(int, cell.removeprefix("c").split("-"))
        row = found.loc[(year, age)]
        seen = "whole" if row["seen"] == row["newcomers"] else "part" if row["seen"] else "nobody"
        assert value == seen, cell


def test_the_key_of_the_claims_follows_from_the_data():
    table = retention.by_definition().iloc[:, 1:]
    names = dict(zip(table.columns, ("back", "three", "second"), strict=True))

    def where(first, second):
        return {names[column] for column in table if table.loc[first, column] > table.loc[second, column]}

    assert where("faker", "redis") == {"three"} and where("requests", "faker") == {"second"}
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
