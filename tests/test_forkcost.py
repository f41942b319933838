"""Costs with ranges, break-even, what turns a decision; a goal-question-metric tree; and the views on them."""

import math

import numpy as np
import pytest

from ospolab import forkcases, forkcost, gqm
from ospolab.forkcost import Case, Range
from ospolab.lessons import giving_back as views

EXACT = Range(1, 1, 1)


def sure(**changes) -> Case:
    """A case without doubt: 4 releases, an hour each, always trouble of 3 hours, 8 hours to offer, 100 euros."""
    values = {
        "releases": 4,
        "check": 1,
        "trouble": 1,
        "redo": 3,
        "offer": 8,
        "accepted": 1,
        "wait": 0,
        "glue": 0,
        "rate": 100,
    }
    return Case(**{name: Range(value, value, value) for name, value in (values | changes).items()}, years=1)


def test_labour_investment_as_chaoss_defines_it():
    # Number of contributions x average hours x average hourly rate, for each kind, summed.
    assert forkcost.labour({"commits": (10, 2), "issues": (4, 0.5)}, rate=50) == (20 + 2) * 50
    assert forkcost.labour({}, rate=50) == 0


def test_cocomo_of_a_thousand_lines():
    assert forkcost.cocomo(1000, rate=1) == pytest.approx(2.4 * 152)
    assert forkcost.cocomo(2000, rate=1) > 2 * forkcost.cocomo(1000, rate=1)


def test_a_range_is_in_order_and_drawn_as_a_triangle():
    with pytest.raises(ValueError, match="not in order"):
        Range(1, 3, 2)
    parts = np.linspace(0, 1, 100_001)
    drawn = Range(0, 1, 4).at(parts)
    assert (drawn[0], drawn[-1]) == (0, 4)
    assert drawn.mean() == pytest.approx(5 / 3, abs=0.001)  # the mean of a triangle: a third of the three
    assert drawn[25_000] == pytest.approx(1)  # a quarter of its area lies below its top
    assert set(EXACT.at(parts)) == {1}


def test_a_count_becomes_a_range():
    assert forkcost.counted(5, 6) == Range(0.44, 0.83, 0.97)
    assert forkcost.counted(0, 10).low == 0


def test_the_sums():
    assert forkcost.per_release(1, 0.5, 6, 80) == 320
    assert forkcost.keep_cost(9, 320) == 2880
    # Taken after two of nine releases, a tenth stays; and never taken.
    assert forkcost.give_cost(9, 300, 1000, 1, 2, 0.1) == pytest.approx(1000 + 2 * 300 + 7 * 30)
    assert forkcost.give_cost(9, 300, 1000, 0, 2, 0.1) == 1000 + 9 * 300
    assert forkcost.give_cost(1, 300, 1000, 1, 5, 0) == 1300  # it ends before it is in


@pytest.mark.parametrize(
    ("offer", "after"),
    [
        ((1200, 300, 0.5), 8),
        ((1000, 300, 1), 4),
        ((1200, 300, 0.5, 2), 10),
        ((1200, 300, 0.5, 0, 0.5), 16),
        ((1200, 300, 0), None),
        ((1200, 0, 1), None),
        ((1200, 300, 1, 0, 1), None),
        ((0, 300, 0), 0),
    ],
)
def test_break_even(offer, after):
    assert forkcost.break_even(*offer) == after


def test_break_even_is_where_the_two_sums_meet():
    once, each, chance, wait, glue = 1700, 240, 0.6, 2, 0.2
    after = forkcost.break_even(once, each, chance, wait, glue)
    saved = [forkcost.keep_cost(n, each) - forkcost.give_cost(n, each, once, chance, wait, glue) for n in range(40)]
    assert saved[after] >= 0 > saved[after - 1]


def test_without_doubt_there_is_one_future():
    futures = forkcost.simulate(sure())
    assert set(futures["keep"]) == {1600} and set(futures["give"]) == {800}
    assert forkcost.verdict(futures) == (1.0, "give")
    assert forkcost.verdict(forkcost.simulate(sure(accepted=0))) == (0.0, "keep")
    assert forkcost.brackets(sure()) == (1600, 1600)
    assert forkcost.pays_from(sure()) == 2


def test_the_figures_that_the_lesson_stands_on():
    case = forkcases.lesson_case(5, 6)
    futures = forkcost.simulate(case)
    share, word = forkcost.verdict(futures)
    assert (round(share, 2), word, forkcost.pays_from(case)) == (0.06, "keep", 10)
    assert list(futures["keep"].quantile([0.1, 0.5, 0.9]).round(-1)) == [930, 1620, 2640]
    assert [round(end) for end in forkcost.brackets(case)] == [152, 7709]
    bars = forkcost.tornado(case)
    assert bars.index[0] == "offer" and set(forkcost.turning(case)) == {"offer", "redo"}
    assert list(views.pace(5, 6)["pays in"]) == ["6%", "48%", "91%"]


def test_what_turns_a_decision():
    case = forkcases.lesson_case(5, 6)
    turns = forkcost.turning(case)
    for name, value in turns.items():
        assert forkcost.saved(case, **{name: value}) == pytest.approx(0, abs=0.01)
        assert getattr(case, name).low <= value <= getattr(case, name).high
    quick = forkcases.case("retry")
    assert forkcost.turning(quick) == {}
    beyond = forkcost.turning(quick, beyond=True)
    assert beyond["redo"] < quick.redo.low and not math.isclose(beyond["offer"], quick.offer.likely)


def test_some_patches_are_better_kept():
    said = {name: forkcost.verdict(forkcost.simulate(forkcases.case(name)))[1] for name in forkcases.PATCHES}
    assert said == {"retry": "give", "storage": "keep", "branding": "keep", "alarm": "keep"}
    assert forkcost.verdict(forkcost.simulate(forkcases.case("alarm", years=5)))[1] == "open"


def test_a_form_becomes_a_case_or_nothing():
    rate = {"rate": {"low": 50, "likely": 60, "high": 70}}
    assert forkcases.from_answers({"patch": "retry", "years": 2, "range": rate}).rate == Range(50, 60, 70)
    assert forkcases.from_answers({"patch": "retry", "years": 2}) is None
    assert (
        forkcases.from_answers({"patch": "retry", "years": 2, "range": {"rate": {"low": 9, "likely": 5, "high": 7}}})
        is None
    )
    own = {row: {"low": 10, "likely": 20, "high": 30} for row in forkcases.OWN_ROWS}
    made = forkcases.from_answers({"patch": "own", "years": 2, "range": rate, "own": own})
    assert (made.releases, made.accepted) == (Range(10, 20, 30), Range(0.1, 0.2, 0.3))
    assert forkcases.from_answers({"patch": "own", "years": 2, "range": rate, "own": {}}) is None


def test_a_tree_and_its_orphans():
    goals, questions = {"less": "Carry less"}, {"cost": "less", "safe": "less"}
    assert gqm.findings(goals, questions, {"hours": ("cost",), "found": ("safe",)}) == []
    assert gqm.findings(goals, questions, {"hours": ("cost",)}) == ['Question "safe" has no metric.']
    assert gqm.findings(goals | {"more": ""}, questions | {"odd": "none"}, {"hours": ("cost", "safe", "odd")}) == [
        'Goal "more" has no question.',
        'Question "odd" belongs to no goal.',
    ]
    said = gqm.findings(goals, {"cost": "less"}, {"hours": ("cost",), "stars": (), "mood": ("cost",)})
    assert said == [
        'Metric "stars" answers no question.',
        f'Metric "stars" is vain. {gqm.METRICS["stars"].vain}',
        'Metric "mood" has no source.',
    ]


def test_the_tree_of_the_course_holds():
    sound = {name: metric.answers for name, metric in gqm.METRICS.items() if not metric.vain}
    questions = dict.fromkeys(gqm.QUESTIONS, "carry-less")
    assert gqm.findings(gqm.GOALS, questions, sound) == []
    assert all(not metric.answers for metric in gqm.METRICS.values() if metric.vain)


# ----------------------------------------------------------------------------------------------------------- the views


def test_moving_a_control_changes_the_conclusion():
    explorer = views.explorer()
    assert "keep it" in explorer.sentence.value and "of 100" in explorer.sentence.value
    moved = {
        "pace": (12, "Give it back"),
        "accepted": (0, "never pays for itself"),
        "years": (3, "The money does not decide"),
        "size": ("module", "0 of 100"),
    }
    for control, (value, words) in moved.items():
        before, explorer.controls[control].value = explorer.controls[control].value, value
        assert words in explorer.sentence.value, control
        explorer.controls[control].value = before


def test_the_rate_moves_the_amount_and_not_the_verdict():
    said = [views._compared("few", 6, 80, 70, rate, 3)[0] for rate in (40, 150)]
    assert said[0] != said[1]
    assert said[0].partition("cheaper in")[2] == said[1].partition("cheaper in")[2]


@pytest.mark.parametrize("size", list(forkcases.SIZES))
@pytest.mark.parametrize("ends", [(1, 0, 0, 40, 1), (12, 100, 100, 150, 6)])
def test_the_explorer_answers_at_its_ends(size, ends):
    sentence, picture = views._compared(size, *ends)
    assert "of 100" in sentence and "nan" not in sentence and picture.alt


def test_the_opening_shows_what_git_said_and_no_more():
    assert "quiet" not in views.opening().alt and "11 times" in views.opening().caption
    assert "quiet" not in views.log_to_read().alt


def test_hard_forks_in_people():
    text = views.hard_forks().data
    for row in (
        "opensearch</td><td>14</td><td>55</td><td>8</td><td>0 (6)",
        "opentofu</td><td>11</td><td>23</td><td>2</td><td>2 (11)",
    ):
        assert row in text


def test_trying_a_case():
    given = {"patch": "retry", "years": 3, "range": {"rate": {"low": 60, "likely": 80, "high": 110}}}
    said = views.try_case(given)
    assert "4,300 to 11,800" in said and "97 of 100" in said and "No input alone" in said
    assert "Nothing to compute yet" in views.try_case({})
    short = views.try_case(given | {"years": 1})
    assert "over 1 year," in short and "for the money: undecided" in short and "offer it at 12.4 h;" in short
    assert "sure to say yes: in 100 of 100" in said and "for the money: give it back" in said
