"""Measures of project health, against worked values, against a slow second way, and on the tables of the course."""

import itertools
import random

import pandas as pd
import pytest

from ospolab import health
from ospolab.data import load

WORKED = [1000, 433, 343, 332, 202, 90, 42, 33]  # CHAOSS, Contributor Absence Factor: gives 2


def slowly(commits, share):
    """The definition itself: the smallest group, of all groups, that reaches the share."""
    total = sum(commits)
    for size in range(1, len(commits) + 1):
        if any(sum(group) >= share * total - 1e-9 for group in itertools.combinations(commits, size)):
            return size if total else 0
    return 0


def test_worked_value():
    assert health.contributor_absence_factor(WORKED) == 2
    assert health.factors(WORKED, (0.5, 0.8, 0.95)).to_dict() == {"50 %": 2, "80 %": 4, "95 %": 6}


@pytest.mark.parametrize(
    ("commits", "share", "expected"),
    [
        ([5, 5], 0.5, 1),
        ([5, 5], 0.51, 2),
        ([], 0.5, 0),
        ([0, 0], 0.8, 0),
        ([7], 1, 1),
        ([1] * 10, 0.8, 8),
        ([3, 0, 0], 1, 1),
    ],
)
def test_edges(commits, share, expected):
    assert health.contributor_absence_factor(commits, share) == expected


def test_factor_equals_the_definition_on_random_histories():
    draw = random.Random(1)
    for _ in range(200):
        commits = [draw.randrange(0, 30) for _ in range(draw.randrange(1, 8))]
        share = draw.choice([0.3, 0.5, 0.6, 0.8, 0.9, 1])
        assert health.contributor_absence_factor(commits, share) == slowly(commits, share), (commits, share)


@pytest.mark.parametrize("share", [0, -0.1, 1.1, 80])
def test_share_out_of_range_is_refused(share):
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        health.contributor_absence_factor(WORKED, share)


def test_negative_count_is_refused():
    with pytest.raises(ValueError, match="no count"):
        health.contributor_absence_factor([3, -1])


@pytest.fixture
def history():
    months = pd.period_range("2020-01", periods=6, freq="M")
    return pd.DataFrame({"old": [4, 4, 4, 1, 0, 0], "new": [0, 0, 0, 3, 5, 6]}, index=months)


def test_trailing_is_the_rolling_sum(history):
    pd.testing.assert_frame_equal(health.trailing(history, 3), history.rolling(3).sum().dropna().astype(int))
    with pytest.raises(ValueError, match="this history has 6"):
        health.trailing(history, 7)


def test_newcomer_share_by_hand(history):
    share = health.newcomer_share(history, window=2, new_for=2)
    # From the third month on. New in April and May only: first commit in April, fewer than two months back.
    assert share.round(3).to_dict() == {
        pd.Period("2020-03"): 0,
        pd.Period("2020-04"): 0.375,
        pd.Period("2020-05"): 0.889,
        pd.Period("2020-06"): 0,
    }


def test_stretches_and_episodes():
    yes = pd.Series([True, True, False, True, False, False, True], index=list("abcdefg"))
    assert health.stretches(yes).to_numpy().tolist() == [["a", "b"], ["d", "d"], ["g", "g"]]
    assert health.episodes(yes) == 3
    assert health.episodes(yes[:0]) == 0


def test_unknown_project_names_those_there_are():
    with pytest.raises(ValueError, match=r'no project "linux".*curl'):
        health.commit_table(load("project_activity"), "linux")


def test_card_of_a_quarter_without_a_year_before_it():
    with pytest.raises(ValueError, match="xz has twelve months of data at the end of 2008Q3"):
        health.project_card("xz", "2007Q4")


def test_the_hand_over_of_xz():
    """The figures that the lesson and its exercise stand on."""
    roles = load("handover_monthly").pivot(index="month", columns="role", values="authored")
    year = health.trailing(roles, 12)
    assert year.loc["2021-12"].to_dict() == {"maintainer": 32, "newcomer": 0, "others": 4}
    assert year.loc["2023-12"].to_dict() == {"maintainer": 172, "newcomer": 304, "others": 24}
    curve = health.absence_curve(roles, 12, 0.8)
    runs = health.stretches(curve > 1).astype(str).to_numpy().tolist()
    assert runs == [["2019-04", "2019-05"], ["2022-01", "2022-02"], ["2023-01", "2024-12"]]


def test_the_lessons_rule():
    first, alarms = health.rule_outcome(health.Rule(window=12, new_for=24, threshold=25, fewest=20))
    assert (str(first), alarms) == ("2023-02", 13)


def test_a_rule_that_never_rings():
    assert health.rule_outcome(health.Rule(window=12, new_for=24, threshold=100, fewest=500)) == (None, 0)


def test_an_open_form_is_no_rule():
    assert health.Rule.from_answers({"window": "12"}) is None
