"""Shares with their interval, another mix of houses, people from work; and the counts that the lesson quotes."""

import pandas as pd
import pytest

from ospolab import survey
from ospolab.data import load

# ------------------------------------------------------------------------------------------------- a share, weighted


@pytest.mark.parametrize(
    ("yes", "base", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_interval_of_the_four_published_examples(yes, base, low, high):
    assert survey.wilson(yes, base) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10.
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 10), 0.6075, 1.0)],
)
def test_squares_are_added_as_in_the_published_differences(first, second, low, high):
    found = survey.square_and_add([(1, *first), (-1, *second)])
    assert found.share == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_all_weight_on_one_group_is_that_group_with_its_own_interval():
    counts = {"small": (7, 40), "large": (30, 35)}
    found = survey.weighted(counts, {"small": 12, "large": 0})
    assert found == pytest.approx((7 / 40, *survey.wilson(7, 40)))


def test_weights_are_in_any_unit_and_a_group_may_be_missing():
    counts = {"small": (30, 60), "large": (40, 50)}
    found = survey.weighted(counts, {"small": 9, "large": 3, "middle": 0})
    assert found == survey.weighted(counts, {"small": 75, "large": 25})
    assert found.share == pytest.approx(0.575)
    assert 0 <= found.low < found.share < found.high <= 1


def test_more_answers_narrow_and_do_not_move():
    few, many = (survey.weighted({"a": (3 * n, 10 * n), "b": (8 * n, 10 * n)}, {"a": 1, "b": 1}) for n in (1, 50))
    assert few.share == pytest.approx(many.share)
    assert many.high - many.low < (few.high - few.low) / 4


def test_everybody_says_yes_and_the_interval_stays_inside():
    assert survey.weighted({"a": (10, 10), "b": (5, 5)}, {"a": 1, "b": 1}).high == pytest.approx(1)


@pytest.mark.parametrize("weights", [{"a": -1, "b": 2}, {"a": 0}, {}, {"c": 1}])
def test_weights_that_say_nothing_are_refused(weights):
    with pytest.raises(ValueError, match=r"weight|nobody"):
        survey.weighted({"a": (1, 2), "b": (1, 2), "c": (0, 0)}, weights)


# ------------------------------------------------------------------------------------------------------- the counts


def recount(year, question, answers, segment="all"):
    """Another way to the same count: row by row of the table."""
    rows = load("survey_ospo").to_dict("records")
    mine = [row for row in rows if (row["year"], row["question"], row["segment"]) == (year, question, segment)]
    return sum(row["respondents"] for row in mine if row["answer"] in answers), mine[0]["base"]


def test_the_published_headline_of_2018():
    yes, base = survey.have_one(2018, counted="have or plan one")
    assert (yes, base) == recount(2018, "has_ospo", {"yes", "planned"}) == (399, 748)
    assert round(100 * yes / base) == 53
    assert survey.have_one(2018) == (280, 748)


def test_the_published_headlines_of_2019_and_2024():
    yes, base = survey.have_one(2019, counted="have or plan one")
    assert round(100 * yes / base) == 52
    groups = survey.groups(2024, "size")
    assert [round(100 * yes / base) for yes, base in (groups["10,000 and more"], groups["up to 50 people"])] == [77, 19]


@pytest.mark.parametrize("year", [2018, 2019, 2021, 2022, 2023])
def test_every_segment_of_the_table_is_in_one_group_or_no_house(year):
    asked = load("survey_ospo").query("question == 'has_ospo' and year == @year")
    for by, named in {"size": survey.SIZES, "sector": survey.SECTORS}.items():
        there = {segment.partition(":")[2] for segment in asked.segment.unique() if segment.startswith(f"{by}:")}
        grouped = [key for keys in named.values() for key in keys]
        assert len(grouped) == len(set(grouped))
        assert there - set(grouped) <= {"self_or_none", "dont_know"}
        bases = asked[asked.segment.isin(f"{by}:{key}" for key in grouped)].groupby("segment").base.first()
        assert sum(base for _, base in survey.groups(year, by).values()) == bases.sum()


def test_bands_are_those_of_an_organisation():
    from ospolab.portfolio.organisation import SIZES

    assert [*survey.BANDS] == [*SIZES]
    assert survey.have_one_of_band("10000+") == tuple(
        sum(parts)
        for parts in zip(
            recount(2023, "has_ospo", {"yes_formal", "yes_informal"}, "size:10000-19999"),
            recount(2023, "has_ospo", {"yes_formal", "yes_informal"}, "size:20000_plus"),
            strict=True,
        )
    )


def test_what_the_lesson_says_of_people_in_offices():
    teams = survey.team_sizes(2023)
    assert (teams["10_plus"], teams.sum()) == (100, 287)
    assert sum(survey.teams_of_band(band)["10_plus"] for band in ("1000-9999", "10000+")) == 86
    assert (survey.teams_of_band("11-49", 2022)["10_plus"], survey.teams_of_band("11-49")["10_plus"]) == (15, 3)


@pytest.mark.parametrize(
    ("teams", "middle"),
    [
        ({"0": 3, "1": 0, "2-4": 10, "5-9": 1, "10_plus": 3}, ("2-4", "2-4")),
        ({"1": 1, "2-4": 1, "5-9": 1, "10_plus": 1}, ("1", "5-9")),
        ({"0": 1, "dont_know": 50}, ("0", "0")),
    ],
)
def test_middle_half(teams, middle):
    assert survey.middle_half(pd.Series(teams)) == middle


def test_middle_half_of_nobody_is_refused():
    with pytest.raises(ValueError, match="nobody"):
        survey.middle_half(pd.Series({"dont_know": 5}))


# ---------------------------------------------------------------------------------------------------- people from work


def test_workload_of_the_exercise_example():
    # 20 requests of 1 to 2 hours and 4 trainings of 3 to 5: 32 to 60 hours, at 100 hours a person.
    assert survey.workload({"requests": (20, 1, 2), "training": (4, 3, 5)}, 100) == pytest.approx((0.32, 0.6))
    assert survey.workload({}, 100) == (0, 0)


@pytest.mark.parametrize(("work", "hours"), [({"a": (1, 2, 1)}, 100), ({"a": (-1, 1, 2)}, 100), ({}, 0)])
def test_workload_refuses_what_makes_no_sense(work, hours):
    with pytest.raises(ValueError, match="hours"):
        survey.workload(work, hours)


def test_formal_offices_are_part_of_those_that_are_counted():
    assert survey.formal_of_band("1000-9999") == 70
    assert survey.formal_of_band("10000+") == 20 + 71
    assert all(survey.formal_of_band(band) < survey.have_one_of_band(band)[0] for band in survey.BANDS)
