"""The views of "A repository worth contributing to": what they say, and that the explorer answers every setting."""

import itertools

import pandas as pd
import pytest

from ospolab import readiness
from ospolab.lessons import inside, welcoming


def test_the_opening_counts_every_kind_of_file():
    picture = welcoming.opening()
    assert "licence 36" in picture.alt and "security policy 13" in picture.alt and "governance 4" in picture.alt


def test_the_explorer_answers_every_setting():
    settings = itertools.product((0, 1, 5), (0, 1, 5), (0, 1), (0, 5), (0, 1), (False, True), (False, True))
    said = set()
    for *weights, elsewhere, licence in list(settings)[::17]:
        strangers = dict(zip(readiness.STRANGERS, weights, strict=True))
        sentence, picture = welcoming._ranked(elsewhere, licence, **strangers)
        assert picture.alt.count(". ") >= 9
        said.add(sentence)
    assert len(said) > 10
    assert "Nobody counts" in welcoming._ranked(False, False, **dict.fromkeys(readiness.STRANGERS, 0))[0]


def test_moving_a_control_changes_the_conclusion():
    explorer = welcoming.explorer()
    assert "aseprite/aseprite and ossf/scorecard" in explorer.sentence.value
    assert "is not open source" in explorer.sentence.value and "No pair" in explorer.sentence.value
    explorer.controls["dependent"].value = 5
    explorer.controls["elsewhere"].value = True
    assert "nodejs/security-wg</b> comes first" in explorer.sentence.value and "16 of 66" in explorer.sentence.value
    explorer.controls["licence"].value = True
    assert "of 36 pairs" in explorer.sentence.value and "is not open source" not in explorer.sentence.value


def test_what_the_lesson_says_about_weights():
    twelve = readiness.files().loc[welcoming.SHOWN]
    fix, weakness = (readiness.scores(twelve, {who: 1}) for who in ("newcomer", "finder"))
    assert len(readiness.swaps(fix, weakness)) == 11
    equal = readiness.scores(twelve, welcoming.EQUAL)
    assert readiness.order(equal)[7] == "nodejs/security-wg"


def test_the_most_active_are_not_the_wanted():
    table = inside.portfolio()
    first = table.sort_values("score, later", ascending=False).head(2)
    assert list(first.index) == ["chat-helper", "hack-day-map"] and not first["asked"].any()
    good = table[table.apply(inside.holds_as_candidate, axis=1)]
    assert len(good) == 5 and int((good["score, later"] <= 16).sum()) == 4 and int(good["guide"].sum()) == 1
    assert len(readiness.swaps(table["score, earlier"], table["score, later"])) == 3


def test_the_exercise_has_four_candidates_and_a_pattern_for_each():
    table = inside.portfolio(inside.OFFERED)
    good = set(table[table.apply(inside.holds_as_candidate, axis=1)].index)
    assert good == {name for name, (_, patterns) in inside.OBSTACLES.items() if patterns} and len(good) == 4
    assert set(inside.OBSTACLES) == set(table.index) == set(welcoming.offered().index)


@pytest.mark.parametrize("which", ["before", "after", "exercise"])
def test_changes_happen_in_order_and_before_they_are_seen(which):
    table = inside.changes(which)
    for _, row in table.iterrows():
        days = [row[step] for step in ("opened", "answered", "merged", "released")]
        known = [day for day in days if not pd.isna(day)]
        assert known == days[: len(known)] == sorted(known)
    assert (table["age"] > 0).all()


def test_the_naive_median_improves_and_the_other_does_not():
    before, after = (inside.changes(which)["wait"].median() for which in ("before", "after"))
    assert (before, after) == (5, 1)
    assert readiness.middle_wait(inside.waits("before")) == 5
    assert readiness.middle_wait(inside.waits("after")) is None


def test_the_stages_add_up_in_words():
    assert (
        "waits for an answer 5 days; is reviewed and merged 3.5 days; waits for a release 11.5"
        in welcoming.stages("before").alt
    )


def test_the_tables_of_the_exercise_give_their_keys():
    shown = welcoming.three_to_score()
    for row, figures in welcoming.weight_key().items():
        repo = next(name for name in shown.index if name.endswith(row))
        for who, figure in figures.items():
            weights = shown.loc[f"weight, {who}"].astype(int)
            there = shown.loc[repo] == "yes"
            assert figure == pytest.approx(100 * weights[there].sum() / weights.sum())
    assert {name: figure for name, (figure, _) in welcoming.wait_key().items()} == {
        "answered": 2, "all": 4, "within": 50, "lead": 13,
    }  # fmt: skip
    assert "nan" not in welcoming.changes_to_read().to_string().lower()
    assert "<NA>" not in welcoming.changes_to_read().to_string()
    assert (welcoming.files_handed_in()["begins with"] == "(empty)").sum() == 1
    assert list(welcoming.handed_in()["says"]).count("no licence") == 2
