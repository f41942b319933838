"""Measures of control, against worked values and by a second route: the tables read without pandas."""

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from ospolab import control

TABLES = Path(__file__).resolve().parents[1] / "src/ospolab/data/tables"
BLANK = control.UNSTATED
EIGHT = dict(zip("ABCDEFGH", [1000, 202, 90, 33, 332, 343, 42, 433], strict=True))  # CHAOSS, Elephant Factor: gives 2


def rows(table):
    with (TABLES / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def lists():
    """Seats by employer of each body with at least three seats, and its level."""
    found, levels = defaultdict(dict), {}
    for row in rows("maintainers_by_employer"):
        found[row["project"]][row["employer"]] = int(row["maintainers"])
        levels[row["project"]] = row["maturity"]
    return {project: (levels[project], held) for project, held in found.items() if sum(held.values()) >= 3}


def largest_named(held):
    return max((n for employer, n in held.items() if employer != BLANK), default=0)


def test_the_worked_values_of_the_definition():
    assert control.elephant_factor(EIGHT) == 2
    assert control.elephant_factor(dict.fromkeys("ABCDEFGH", 125)) == 4
    assert control.elephant_factor({"A": 4, **dict.fromkeys("BCDE", 1)}) == 1


@pytest.mark.parametrize(
    ("held", "blanks", "share", "factor"),
    [
        ({"A": 4, "B": 1, "C": 1, BLANK: 4}, "alone", 0.4, 2),
        ({"A": 4, "B": 1, "C": 1, BLANK: 4}, "left-out", 4 / 6, 1),
        ({"A": 4, "B": 1, "C": 1, BLANK: 4}, "one-company", 0.4, 2),
        ({"A": 4, "B": 1, "C": 1, BLANK: 4}, "largest", 0.8, 1),
        ({BLANK: 4}, "alone", 0, 2),
        ({BLANK: 4}, "left-out", 0, 0),
        ({BLANK: 4}, "one-company", 1, 1),
        ({BLANK: 4}, "largest", 1, 1),
        ({"A": 1}, "alone", 1, 1),
        ({}, "alone", 0, 0),
    ],
)
def test_what_the_unstated_are_changes_both_measures(held, blanks, share, factor):
    assert control.largest_share(held, blanks) == pytest.approx(share)
    assert control.elephant_factor(held, blanks=blanks) == factor


def test_a_rule_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="expected one of: alone"):
        control.blanks_read({"A": 1}, "ignored")
    with pytest.raises(ValueError, match="expected one of: declared"):
        control.joined(pd.DataFrame({"employer": []}), "guessed")
    with pytest.raises(ValueError, match="spelling and case"):
        control.seats("linkerd")


def test_the_counts_of_the_lesson_by_a_second_route(lists):
    assert len(lists) == 231
    counts = {
        "alone": sum(2 * largest_named(held) >= sum(held.values()) for _, held in lists.values()),
        "one-company": sum(2 * max(held.values()) >= sum(held.values()) for _, held in lists.values()),
        "largest": sum(
            2 * (largest_named(held) + held.get(BLANK, 0)) >= sum(held.values()) for _, held in lists.values()
        ),
        "left-out": sum(
            2 * largest_named(held) >= sum(held.values()) - held.get(BLANK, 0)
            for _, held in lists.values()
            if largest_named(held)
        ),
    }
    assert counts == {"alone": 141, "one-company": 149, "largest": 168, "left-out": 155}
    for blanks, expected in counts.items():
        cards = control.cards(blanks=blanks)
        assert (len(cards), int((cards["largest employer, %"] >= 50).sum())) == (231, expected)


def test_more_than_half_is_another_number(lists):
    assert sum(2 * largest_named(held) > sum(held.values()) for _, held in lists.values()) == 129


def test_levels_by_a_second_route(lists):
    found = defaultdict(lambda: [0, 0])
    for level, held in lists.values():
        found[level][0] += 2 * largest_named(held) >= sum(held.values())
        found[level][1] += 1
    assert dict(found) == {"sandbox": [100, 136], "incubating": [30, 49], "graduated": [11, 46]}


def test_spellings_change_nothing_and_owners_little():
    declared, spellings, owners = (control.cards(names) for names in control.NAMES)
    columns = ["largest employer, %", "elephant factor", "would be left"]
    pd.testing.assert_frame_equal(declared[columns], spellings[columns])
    assert int((owners["largest employer, %"] >= 50).sum()) == 142
    assert int((owners["elephant factor"] != declared["elephant factor"]).sum()) == 7


def test_joined_names_are_in_the_table_and_lose_no_seat():
    table = pd.DataFrame(rows("maintainers_by_employer")).astype({"maintainers": int})
    known = set(table["employer"])
    assert set(control.SPELLINGS) | set(control.OWNERS) <= known
    assert not set(control.SPELLINGS.values()) & set(control.SPELLINGS), "a chain would be joined in one step only"
    for names in control.NAMES:
        assert control.joined(table, names)["maintainers"].sum() == 2389


@pytest.mark.parametrize(
    ("project", "seats", "share", "factor", "people", "left"),
    [("Cilium", 48, 81.2, 1, 24, 9), ("SOPS", 4, 25, 2, 2, 3), ("Helm", 5, 20, 3, 3, 4), ("Linkerd", 7, 100, 1, 4, 0)],
)
def test_cards(project, seats, share, factor, people, left):
    card = control.cards().loc[project]
    assert [card["seats"], card["largest employer, %"], card["elephant factor"]] == [seats, share, factor]
    assert [card["people for half"], card["would be left"]] == [people, left]


def test_a_card_can_be_changed_without_changing_the_next():
    mine = control.cards()
    mine.loc["Helm", "seats"] = 0
    assert control.cards().loc["Helm", "seats"] == 5


def test_identity_rules_move_the_factor_of_the_commits():
    assert control.commit_factors("redis").tolist() == [2, 2, 4, 3]
    assert control.commit_factors("valkey").tolist() == [2, 1, 6, 6]
    with pytest.raises(ValueError, match="no project"):
        control.commit_factors("helm")


def quarters(project, column="contributors"):
    found = (row for row in rows("forks_quarterly") if row["project"] == project and row["complete"] == "true")
    return {row["quarter"]: int(row[column]) for row in found}


@pytest.mark.parametrize(
    ("pair", "both", "ahead"),
    [("terraform/opentofu", 11, 3), ("elasticsearch/opensearch", 5, 0), ("redis/valkey", 2, 2)],
)
def test_in_how_many_quarters_a_fork_was_ahead(pair, both, ahead):
    upstream, fork = (quarters(side) for side in pair.split("/"))
    shared = upstream.keys() & fork.keys()
    assert (len(shared), sum(fork[q] > upstream[q] for q in shared)) == (both, ahead)
    seen = control.fork_quarters(pair)["contributors"].dropna()
    assert (len(seen), int((seen["fork"] > seen["upstream"]).sum())) == (both, ahead)


@pytest.mark.parametrize(
    ("project", "year", "mean", "column"),
    [
        ("terraform", 2022, 47.5, "contributors"),
        ("terraform", 2025, 30.5, "contributors"),
        ("opentofu", 2025, 19.75, "contributors"),
        ("opensearch", 2022, 5.25, "contributor_absence_factor"),
        ("opensearch", 2024, 12, "contributor_absence_factor"),
        ("redis", 2023, 37.75, "contributors"),
    ],
)
def test_means_of_a_year(project, year, mean, column):
    found = [n for quarter, n in quarters(project, column).items() if quarter.startswith(str(year))]
    assert sum(found) / len(found) == mean
    pair, side = next((r["pair"], r["side"]) for r in rows("forks_quarterly") if r["project"] == project)
    measure = column.removeprefix("contributor_").replace("_", " ")
    assert control.fork_years(pair).loc[year, (measure, side)] == pytest.approx(mean, abs=0.06)


def test_a_pair_that_does_not_exist_is_refused():
    for asked in (control.fork_years, control.fork_quarters):
        with pytest.raises(ValueError, match="terraform/opentofu"):
            asked("opentofu/terraform")


@pytest.mark.parametrize(("years", "ended", "watched"), [(3, 9, 170), (4, 19, 138), (5, 14, 106)])
def test_archived_among_those_watched_long_enough(years, ended, watched):
    assert control.archived_within(years) == (ended, watched)
    days, at = years * 365.25, date(2026, 8, 7)
    lives = [(date.fromisoformat(r["accepted"]), r["archived"]) for r in rows("foundation_projects")]
    long_enough = [(begun, end) for begun, end in lives if (at - begun).days >= days]
    assert len(long_enough) == watched
    assert sum(bool(end) and (date.fromisoformat(end) - begun).days <= days for begun, end in long_enough) == ended


def test_the_list_of_maintainers_holds_no_archived_project(lists):
    archived = {row["project"] for row in rows("foundation_projects") if row["archived"]}
    assert len(archived) == 28 and not archived & set(lists)
