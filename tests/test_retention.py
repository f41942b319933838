"""Cohorts: against hand-made histories, the worked table of the source, and what the data of the course says."""

import numpy as np
import pandas as pd
import pytest

from ospolab import retention
from ospolab.data import load
from ospolab.retention import DEFINITIONS, cohorts, fair, kaplan_meier, naive


def history(**people):
    """Commits per quarter from 2020Q1 on, one list a person."""
    quarters = pd.period_range("2020Q1", periods=len(next(iter(people.values()))), freq="Q")
    return pd.DataFrame(people, index=quarters)


FIVE = history(
    a=[1, 1, 0, 0, 0, 0, 0, 0],
    b=[2, 0, 0, 0, 1, 0, 0, 0],  # back in the fourth quarter after the first
    c=[0, 1, 0, 0, 0, 0, 1, 0],  # back in the fifth
    d=[0, 0, 0, 3, 0, 0, 0, 0],
    e=[0, 0, 0, 1, 0, 0, 0, 2],
    f=[0, 0, 0, 0, 0, 1, 0, 1],  # the only one of 2021
)


def test_a_share_counts_who_came_back_by_that_age():
    found = cohorts(FIVE, DEFINITIONS["back"], ages=[1, 4, 5])
    assert found.loc[(2020, 1)].tolist() == [5, 5, 1]
    assert found.loc[(2020, 4)].tolist() == [5, 5, 3]
    # d and e began in 2020Q4 and have been seen for four quarters: what comes after is not known.
    assert found.loc[(2020, 5)].tolist() == [5, 3, 4]
    ten = cohorts(pd.concat([FIVE, FIVE.add_prefix("x")], axis=1), DEFINITIONS["back"], ages=[4, 5])
    assert fair(ten)[2020, 4] == 0.6
    assert np.isnan(fair(ten)[2020, 5]) and naive(ten)[2020, 5] == 0.8


def test_no_share_rests_on_fewer_than_five_people():
    found = cohorts(FIVE, DEFINITIONS["back"], ages=[1])
    # One of five came back, and of 2021 there is only one.
    assert found["newcomers"].tolist() == [5, 1] and found["stayed"].tolist() == [1, 0]
    assert fair(found).isna().all() and naive(found).isna().all()
    may = retention.may_be_shown
    assert [may(stayed, 40) for stayed in (0, 1, 4, 5, 40)] == [True, False, False, True, True]
    assert not may(0, 4) and may(0, 5)


def test_no_figure_of_the_comparison_or_of_a_plan_rests_on_fewer_than_five_people():
    for project in retention.PROJECTS:
        for _, (share, of, _) in retention.baselines(project).iterrows():
            assert np.isnan(share) or may_be(share, of)
    for _, (of, *shares) in retention.by_definition().iterrows():
        assert all(np.isnan(share) or may_be(share, of) for share in shares)


def may_be(share, of):
    return round(share * of / 100) == 0 or round(share * of / 100) >= 5


def test_the_three_meanings_count_different_people():
    at_four = {name: cohorts(FIVE, stayed, [4]).loc[(2020, 4), "stayed"] for name, stayed in DEFINITIONS.items()}
    # back: a, b, e; there: b, e; three commits by then, the first quarter included: b, d, e.
    assert at_four == {"back": 3, "there": 2, "three": 3}


def test_one_more_quarter_of_silence_changes_no_share_that_may_be_compared():
    longer = pd.concat(
        [FIVE, pd.DataFrame(0, index=pd.period_range("2022Q1", periods=1, freq="Q"), columns=[*"abcdef"])]
    )
    for age in range(1, 5):
        before, after = (cohorts(table, DEFINITIONS["back"], [age]).loc[(2020, age)] for table in (FIVE, longer))
        assert before.tolist() == after.tolist()


def test_kaplan_meier_gives_the_published_table():
    # Bewick, Cheek and Ball, Critical Care 8 (2004) 389, table 2: 0.750, 0.625, 0.500, 0.333, 0.
    times, died = [1, 1, 4, 5, 6, 9, 9, 22], [1, 1, 1, 1, 0, 1, 0, 1]
    survived = 1 - kaplan_meier(times, died)
    assert survived.index.tolist() == [1, 4, 5, 9, 22]
    assert survived.tolist() == pytest.approx([0.75, 0.625, 0.5, 1 / 3, 0])


def test_kaplan_meier_is_the_share_where_nobody_was_lost_from_sight():
    assert kaplan_meier([1, 2, 2, 5], [True] * 4).tolist() == pytest.approx([0.25, 0.75, 1])
    assert kaplan_meier([3, 4], [False, False]).empty
    with pytest.raises(ValueError):
        kaplan_meier([1, 2], [True])


def test_waiting_ends_with_the_return_or_with_the_data():
    waits = retention.waiting_to_return(FIVE)
    assert waits["quarters"].tolist() == [1, 4, 5, 4, 4, 2]
    assert waits["back"].tolist() == [True, True, True, False, True, True]


def test_people_are_counted_once_a_quarter_and_without_bots_and_the_last_quarter():
    activity, raw = retention.activity("curl"), load("project_activity").query("project == 'curl'")
    assert activity.index[-1] == raw["quarter"].max() - 1
    assert not set(raw[raw["is_bot"]]["contributor"]) & set(activity.columns)
    doubled = raw[raw.duplicated(["quarter", "contributor"]) & ~raw["is_bot"]]["contributor"].iloc[0]
    quarters = retention.people("curl")[doubled]
    assert quarters == sorted(set(quarters))
    assert (activity > 0).any().all()


def test_no_project_of_the_comparison_holds_the_people_of_another():
    assert not {"opentofu", "valkey", "faker-old"} & set(retention.PROJECTS)


def test_the_lessons_figures():
    found = cohorts(retention.activity("curl"), DEFINITIONS["back"], [4]).droplevel("age")
    assert found.loc[[2019, 2024, 2025, 2026], "newcomers"].tolist() == [106, 101, 95, 67]
    assert found.loc[[2019, 2024, 2025, 2026], "seen"].tolist() == [106, 101, 55, 0]
    assert found.loc[[2019, 2024], "stayed"].tolist() == [10, 13]
    table = retention.by_definition()
    orders = {name: table[name].sort_values(ascending=False).index.tolist() for name in table.columns[1:]}
    assert [order.index("faker") for order in orders.values()] == [4, 1, 4]
    few = table.columns[1:][table.loc["requests"].iloc[1:].isna()]
    assert len(few) == 3 and np.isnan(table.loc["flask", "active in 2nd year"])
    assert {order[0] for order in orders.values()} == {"scorecard"}


def test_a_baseline_is_of_newcomers_whose_whole_window_has_been_seen():
    row = retention.baselines("terraform").loc["back"]
    assert (row["of"], row["first change"]) == (140, "2023Q3 to 2025Q2")
    table = retention.activity("terraform")
    first = (table > 0).idxmax()
    began = first[(first >= pd.Period("2023Q3")) & (first <= pd.Period("2025Q2"))]
    back = sum((table.loc[quarter + 1 : quarter + 4, person] > 0).any() for person, quarter in began.items())
    assert row["share"] == pytest.approx(100 * back / 140)
