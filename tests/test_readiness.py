"""Readiness, activity and waiting: worked values, and what the lesson says counted another way."""

import csv
import itertools

import pytest

from ospolab import readiness
from ospolab.data import TABLES

REPO = {
    **{"forks": 10, "watchers": 20, "stars": 30, "issues": 50, "days": 0, "weekly": 10, "age": 1000},
    "described": False,
    "guide": False,
}


def bare_rows():
    with (TABLES / "community_files.csv").open(encoding="utf-8") as lines:
        return {row["repo"]: row for row in csv.DictReader(lines)}


def test_every_file_is_asked_for_once_and_is_a_column():
    names = [name for _, some in readiness.STRANGERS.values() for name in some]
    assert len(names) == len(set(names)) == 11
    assert set(names) <= set(next(iter(bare_rows().values())))


def test_thirteen_have_a_security_policy_and_twenty_one_have_one_somewhere():
    rows = bare_rows()
    here = {repo for repo, row in rows.items() if row["security"] == "true"}
    above = {repo for repo, names in readiness.ELSEWHERE.items() if "security" in names}
    assert (len(rows), len(here), len(here | above)) == (36, 13, 21) and not here & above
    assert int(readiness.files()["security"].sum()) == 13
    assert int(readiness.files(elsewhere=True)["security"].sum()) == 21


def test_what_is_one_house_up_is_really_missing_in_the_repository():
    rows = bare_rows()
    for repo, names in readiness.ELSEWHERE.items():
        assert all(rows[repo][name] == "false" for name in names), repo
        assert "license" not in names  # a licence cannot be kept for all repositories


def test_a_licence_with_other_terms_is_seen():
    rows = bare_rows()
    closed = {repo for repo, row in rows.items() if readiness.not_open_source(row["licence_spdx"])}
    assert closed == {
        *("akka/akka", "aseprite/aseprite", "confluentinc/ksql", "hashicorp/terraform"),
        *("hashicorp/vagrant", "redis/redis", "timescale/timescaledb"),
    }


def test_readiness_is_a_weighted_share():
    weights = {"guide": 4, "tests": 2}
    assert readiness.readiness(["guide"], weights) == pytest.approx(2 / 3)
    assert readiness.readiness(["guide", "tests", "logo"], weights) == 1
    assert readiness.readiness([], weights) == 0 == readiness.readiness(["guide"], {"guide": 0})
    with pytest.raises(ValueError, match="below 0"):
        readiness.readiness([], {"guide": -1})


def test_a_score_counts_each_stranger_as_much_as_given():
    table = readiness.files()
    scores = readiness.scores(table, {"newcomer": 1, "finder": 1})
    # flask: guide, templates and tests, and no security policy.
    assert scores["pallets/flask"] == pytest.approx(50)
    # bubblewrap: tests of three, and a security policy.
    assert scores["containers/bubblewrap"] == pytest.approx(100 * (1 / 3 + 1) / 2)
    assert (readiness.scores(table, {}) == 0).all()


def test_pairs_turn_round_once_and_ties_turn_nothing():
    one, two = {"a": 3, "b": 2, "c": 1}, {"a": 1, "b": 2, "c": 3}
    assert readiness.swaps(one, two) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert readiness.swaps(one, one) == [] == readiness.swaps(dict.fromkeys("abc", 1), two)
    first, second = dict(zip("abcde", [5, 3, 3, 2, 9], strict=True)), dict(zip("abcde", [1, 3, 4, 4, 9], strict=True))
    counted = sum((first[a] - first[b]) * (second[a] - second[b]) < 0 for a, b in itertools.combinations(first, 2))
    assert len(readiness.swaps(first, second)) == counted == 4


# The published formula, by hand: 50 + 5*10 + 20 + 30/3 + 50/5 = 140 to begin with; fresh and busy.
@pytest.mark.parametrize(
    ("brackets", "changes", "expected"),
    [
        ("earlier", {}, 140 * 2 * 2 - 50),
        ("later", {}, 112),  # 140 * 1.01 * 8/7 = 161.6, and 50 less
        ("earlier", {"days": 200, "weekly": 1}, 90),
        ("later", {"days": 200, "weekly": 1}, -50),  # 140 * 0.01 / 7 = 0.2
        ("later", {"guide": True, "described": True}, 262),
        ("earlier", {"age": 0}, 1510),
        ("earlier", {"age": 0, "days": 365, "weekly": 0}, 90),  # 1000 - 365 * 2.74 is 0, but for a tenth
        ("earlier", {"forks": 400}, 3853),  # 2090 * 4 = 8360: 3000 + 100 ln 8360 - 50 = 3853
    ],
)
def test_the_activity_score_is_that_of_the_page(brackets, changes, expected):
    assert readiness.activity_score({**REPO, **changes}, brackets) == expected


def test_another_bracket_is_refused():
    with pytest.raises(ValueError, match="earlier"):
        readiness.activity_score(REPO, "middle")


def test_who_still_waits_counts():
    assert readiness.middle_wait([5, 1, 3]) == 3
    assert readiness.middle_wait([1, 9, None]) == 9
    assert readiness.middle_wait([2, None]) == 2
    assert readiness.middle_wait([1, None, None]) is None is readiness.middle_wait([])


def test_who_was_opened_yesterday_has_not_missed_three_days():
    assert readiness.share_within(3, [1, 4, None, None], [10, 10, 10, 1]) == pytest.approx(1 / 3)
    assert readiness.share_within(30, [1], [10]) == 0
