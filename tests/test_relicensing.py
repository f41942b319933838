"""Measures of relicensing and of openness: worked values, and the tables counted by a second route."""

import csv
import math
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from ospolab import openness, relicensing
from ospolab.data import load
from ospolab.lessons import relicensing as views

TABLES = Path(__file__).resolve().parents[1] / "src/ospolab/data/tables"


def rows(table):
    with (TABLES / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# ------------------------------------------------------------------------------------------------- those who left


def test_who_left_and_how_often_somebody_decided():
    gone = [
        row
        for row in rows("relicensings")
        if row["osi_approved_before"] == "true" and row["osi_approved_after"] == "false"
    ]
    left = relicensing.left_open_source()
    assert set(left["project"]) == {row["project"] for row in gone} == set(relicensing.BEHIND) and len(left) == 16
    made = relicensing.decisions(left)
    assert len(made) == len({row["date"] for row in gone}) == 12
    assert dict(made[made["projects"] > 1][["behind", "projects"]].values) == {"Elastic": 2, "HashiCorp": 4}
    assert set(made[made["fork"]]["behind"]) == {"Elastic", "HashiCorp", "Redis"}
    years = {row["date"][:4] for row in gone}
    assert int(max(years)) - int(min(years)) + 1 == relicensing.YEARS_OF_THE_LIST


def test_the_comparison_counts_what_the_tables_hold():
    found = {group.signal: (group.left, group.stayed) for group in relicensing.comparison()}
    signed = [
        float(row["signoff_share_last_2y"]) >= 0.1
        for row in rows("community_files")
        if row["repo"] not in relicensing._LEFT_REPOS
    ]
    assert found["few sign-offs"] == ((6, 6), (signed.count(False), len(signed))) == ((6, 6), (23, 29))
    permissive = {"Apache-2.0", "BSD-3-Clause", "MIT", "ISC", "0BSD", "curl"}
    decided = {}
    for row in rows("relicensings"):
        if row["osi_approved_before"] == "true" and row["osi_approved_after"] == "false":
            decided.setdefault(row["date"], []).append(row["from_spdx"] in permissive)
    left = [sum(one) > len(one) / 2 for one in decided.values()]
    stayed = [
        row["licence_spdx"] in permissive
        for row in rows("community_files")
        if row["repo"] not in relicensing._LEFT_REPOS
    ]
    assert found["permissive"] == ((sum(left), 12), (sum(stayed), 29)) == ((9, 12), (26, 29))
    assert found["one company"] == ((12, 12), (141, 231))
    assert found["no foundation"] == ((12, 12), None)
    people = relicensing.absence_factors()
    few = (people <= 5).drop(["redis", "terraform"])
    assert found["few people"] == ((2, 2), (int(few.sum()), len(few)))
    assert not {"valkey", "opentofu"} & set(people.index)  # their history is that of the two


def test_what_a_sign_is_worth():
    assert relicensing.worth([True] * 12, [True] * 141 + [False] * 90) == pytest.approx(231 / 141)
    assert relicensing.worth([True, None, False], [None, True, False]) == 1
    for left, stayed, says in (([], [True], "nothing is known"), ([True], [False, None], "nobody who stayed")):
        with pytest.raises(ValueError, match=says):
            relicensing.worth(left, stayed)


# ------------------------------------------------------------------------------------------------------------- rates


def test_a_sign_multiplies_the_odds():
    # A textbook case: 1 % are ill, 90 % of them and 9 % of the others test positive. Of the positive, 9 in 98 are ill.
    assert relicensing.chance(0.01, [0.90 / 0.09]) == pytest.approx(0.009 / (0.009 + 0.99 * 0.09))
    assert relicensing.chance(0.3, []) == pytest.approx(0.3) and relicensing.chance(0, [9]) == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        relicensing.chance(1, [2])


def test_none_seen_gives_an_upper_end():
    assert relicensing.ceiling(300) == pytest.approx(0.00999, abs=1e-5)  # "3 / n"
    assert math.exp(-relicensing.ceiling(50) * 50) == pytest.approx(0.05)
    with pytest.raises(ValueError, match="nothing was watched"):
        relicensing.ceiling(0)


def test_years_are_watched_until_the_end_or_the_archive():
    made = pd.DataFrame(
        {
            "accepted": pd.to_datetime(["2022-08-07", "2020-01-01"]),
            "archived": pd.to_datetime([None, "2021-01-01"]),
        }
    )
    assert relicensing.project_years(made) == pytest.approx(5.0, abs=0.01)
    days = 0
    for row in rows("foundation_projects"):
        end = date.fromisoformat(row["archived"]) if row["archived"] else date(2026, 8, 7)
        days += (end - date.fromisoformat(row["accepted"])).days
    assert relicensing.project_years(load("foundation_projects")) == pytest.approx(days / 365.25)


def test_over_years_and_from_a_roster():
    assert relicensing.over(2, 0.1) == pytest.approx(0.19)
    assert relicensing.yearly(100) == pytest.approx(12 / 9 / 100)


# ---------------------------------------------------------------------------------------------------- rights and dates


@pytest.mark.parametrize(
    ("licence", "agreement", "who"),
    [
        ("permissive", "same", "anyone"),
        ("permissive", "grant", "anyone"),
        ("copyleft", "same", "all"),
        ("copyleft", "grant", "holder"),
        ("copyleft", "own", "holder"),
    ],
)
def test_who_can_alone(licence, agreement, who):
    assert relicensing.who_can_alone(licence, agreement) == who


def test_other_words_are_refused():
    with pytest.raises(ValueError, match="unknown"):
        relicensing.who_can_alone("MIT", "same")


@pytest.mark.parametrize(
    ("released", "change_date", "opens"),
    [
        (date(2023, 10, 4), None, date(2027, 10, 4)),
        (date(2023, 10, 4), date(2026, 1, 1), date(2026, 1, 1)),
        (date(2023, 10, 4), date(2031, 1, 1), date(2027, 10, 4)),
        (date(2096, 2, 29), None, date(2100, 2, 28)),
    ],
)
def test_when_a_version_opens(released, change_date, opens):
    assert relicensing.opens_on(released, change_date) == opens


def test_what_a_way_has_cost():
    way = relicensing.Way("stay", once=1, days=10, growth=2, money=500, freely=True)
    assert way.so_far(3, day=100) == [1600, 4100, 8600]


# ----------------------------------------------------------------------------------------------------------- the views


def test_the_explorer_answers_every_setting_and_says_its_base():
    explorer = views.explorer()
    assert "0.4" in next(iter(explorer.controls.values())).value
    assert "96 would not change" in explorer.sentence.value and "in-memory cache" in explorer.sentence.value
    for base, times in zip(views.BASES, (0.5, 1.6, 3.0, 10.0), strict=True):
        said, picture = views._ranked(base, times, 1.0, times, 1.0, "from 0 to 100 %")
        assert "base is" in said and "dashed line" in picture.alt
    level, _ = views._ranked(next(iter(views.BASES)), 1, 1, 1, 1, "from 0 to 100 %")
    assert "no order" in level
    assert "worth nothing" in views._ranked(list(views.BASES)[-1], 1.6, 1, 1, 1.2, "from 0 to 100 %")[0]


def test_the_order_does_not_depend_on_the_base_and_depends_on_the_weights():
    def order(base, **times):
        weights = {**views.WORTHS, **times}
        return (
            views._ranked(base, **weights, scale="from 0 to 100 %")[1]
            .alt.split(": ", 1)[1]
            .split(". A dashed")[0]
            .split("; ")
        )

    def names(listed):
        return [one.rsplit(" ", 2)[0] for one in listed]

    bases = list(views.BASES)
    assert names(order(bases[0])) == names(order(bases[2]))
    assert names(order(bases[0])).index("office suite") < names(order(bases[0], right=3.0)).index("office suite")


def test_the_worths_set_at_the_start_are_those_counted():
    counted = views.worths()["worth"]
    assert float(counted["one company"]) == views.WORTHS["vendor"]
    assert float(counted["few people"]) == views.WORTHS["spread"]
    assert counted["no foundation"] == "" and views.WORTHS["home"] == 1


def test_the_figures_of_the_exercise():
    assert views.costs_key() == pytest.approx({"stay": 63, "join": 45.6, "pay": 69, "replace": 75.6})
    assert {name: round(float(figure), 2) for name, (figure, *_) in views.counts_key().items()} == {
        "decisions": 5,
        "copyleft": 3,
        "yearly": 0.42,
        "ceiling": 0.87,
    }


def test_arrivals_are_all_projects_by_a_mark_from_the_start():
    shown = views.arrivals()
    assert list(shown["projects"]) == [44, 111, 100] and shown["projects"].sum() == len(rows("foundation_projects"))
    early = [row for row in rows("foundation_projects") if row["accepted"] < "2020"]
    assert len(early) == 44 and any(row["archived"] for row in early)


# ------------------------------------------------------------------------------------------------------------ openness


def test_the_class_is_that_of_the_tool_in_every_record():
    table = load("model_openness")
    ours = [openness.mof_class(openness.open_parts(row)) for _, row in table.iterrows()]
    assert ours == list(table["class"])


def test_what_a_record_says_of_the_definition():
    everything = set(openness.WORDS)
    assert openness.osaid(everything) == ("read", [])
    assert openness.osaid(everything - {"datasets"}) == ("read", [])  # the data itself is not asked for
    assert openness.osaid(everything - {"training_code"}) == ("no", ["training code"])
    assert openness.lacks(everything - {"technical_report"}, "III") == []
    assert openness.lacks(everything - {"technical_report", "research_paper"}, "III") == [
        "technical report or research paper"
    ]
    with pytest.raises(KeyError, match="no record"):
        openness.record("No such model")
