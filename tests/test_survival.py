"""How long things last: textbook values, counting by hand, and the foundation's projects."""

from datetime import date

import pandas as pd
import pytest

from ospolab import survival
from ospolab.data import load

# Weeks in remission of 21 + 21 children, with 6-mercaptopurine (those still in remission: censored) and with a placebo:
# Freireich et al., Blood 21 (1963) 699-716, the example of most textbooks.
TREATED = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
RELAPSED = [True] * 9 + [False] * 12
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
MOVES = {"moved up": ["incubating", "graduated"], "archived": ["archived"]}


def test_the_textbook_example():
    table = survival.curve(TREATED, RELAPSED)
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert table["surviving"].drop(0).round(3).to_dict() == pytest.approx(published, abs=0.0011)
    assert table["at_risk"].drop(0).to_list() == [21, 17, 15, 12, 11, 7, 6]


def test_where_nothing_is_censored_it_is_the_share_that_is_left():
    table = survival.curve(PLACEBO, [True] * 21)
    # Cox and Oakes' control group: S(10) = 8/21, with standard error 0.106.
    row = survival.at(table, 10)
    assert row["surviving"] == pytest.approx(8 / 21)
    assert row["low"] < 8 / 21 - 0.106 and row["high"] > 8 / 21 + 0.106 and 0 < row["low"] < row["high"] < 1
    assert survival.at(table, 23)["surviving"] == 0


def test_not_ended_counts_for_as_long_as_it_was_seen():
    table = survival.curve([1, 2, 3, 4], [True, False, True, False])
    assert table["surviving"].to_list() == [1, 0.75, 0.375]
    assert survival.at(table, 0.5)["surviving"] == 1 and survival.at(table, 4)["surviving"] == 0.375
    with pytest.raises(ValueError, match=r"nobody was seen for 4\.5"):
        survival.at(table, 4.5)


def test_who_is_lost_at_a_time_is_still_at_risk_then():
    assert survival.curve([2, 2], [True, False])["at_risk"].to_list() == [2, 2]


def test_ways_to_end_share_what_has_ended():
    times, ends = [1, 2, 3, 4, 5], ["a", "b", "", "a", ""]
    table = survival.incidence(times, ends)
    assert table.sum(axis=1).to_list() == pytest.approx([1, 1, 1, 1])
    # 1/5; of the 4/5 left, 1/4; of the 3/5 left then, of whom two are watched, 1/2.
    assert table.loc[4].to_dict() == pytest.approx({"a": 0.5, "b": 0.2, "left": 0.3})
    # Two at the same time, each in its own way.
    assert survival.incidence([1, 1, 2], ["a", "b", ""]).loc[1].to_list() == pytest.approx([1 / 3] * 3)
    # With one way to end it is the Kaplan-Meier estimate.
    alone = survival.incidence(TREATED, ["x" if end else "" for end in RELAPSED])
    assert alone["left"].to_list() == pytest.approx(survival.curve(TREATED, RELAPSED)["surviving"].to_list())


@pytest.mark.parametrize(("times", "ended"), [([1], []), ([-1], [True])])
def test_what_cannot_be_lives_is_refused(times, ended):
    with pytest.raises(ValueError):
        survival.curve(times, ended)


def test_of_127_projects_after_three_years_as_the_page_on_the_advocate_counts():
    rows = [row for row in load("foundation_projects").to_dict("records") if 2018 <= row["accepted"].year <= 2022]
    rows = [row for row in rows if row["accepted"] != row["incubating"]]

    def by_then(day, entered) -> bool:
        return pd.notna(day) and date(day.year - 3, day.month, day.day) <= entered.date()

    archived = sum(by_then(row["archived"], row["accepted"]) for row in rows)
    moved = sum(by_then(row["incubating"], row["accepted"]) for row in rows)
    assert (len(rows), moved, archived) == (127, 34, 7)
    lives = survival.lives(MOVES, (2018, 2022))
    now = survival.at(survival.incidence(lives["years"], lives["end"]), 3) * len(lives)
    assert now.round(6).to_dict() == {"archived": 7, "moved up": 34, "left": 86}
    for year, counts in {2018: (10, 0), 2022: (3, 4)}.items():
        one = survival.lives(MOVES, (year, year))
        now = survival.at(survival.incidence(one["years"], one["end"]), 3) * len(one)
        assert (round(now["moved up"], 6), round(now.get("archived", 0), 6)) == counts


def test_lives_of_projects():
    every = survival.lives(entered="any")
    assert len(every) == len(load("foundation_projects")) and (every["end"] == "archived").sum() == 28
    assert len(every) - len(survival.lives()) == 30  # entered a level higher
    assert (every["years"] >= 0).all()
    earlier = survival.lives(until=pd.Timestamp("2020-01-01"), entered="any")
    assert len(earlier) < len(every) and (earlier["end"] == "archived").sum() == 1  # rkt
    stuck = survival.lives(stuck_after=3)
    late = survival.lives(years=(2021, 2022)).query("end == 'archived'")["project"]
    closed = load("foundation_projects").set_index("project").loc[late, "archived"]
    assert closed.between("2025-03-01", "2025-05-31").sum() == 8 and len(closed) == 18  # "many in the spring of 2025"
    assert set(stuck["end"]) == {"", "archived", "stuck"}
    assert (stuck.loc[stuck["end"] == "stuck", "years"] - 3).abs().max() < 0.01
