"""The lesson "A bridge with two ends": its figures in words, its explorer, and what its pictures say."""

import csv
import itertools
import re
from datetime import date
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from ospolab.lessons import bridge

ROOT = Path(__file__).resolve().parents[1]
LESSON = ROOT / "notebooks/foundations/a-bridge-with-two-ends.ipynb"
SETTINGS = list(itertools.product(bridge.VERSIONS, bridge.USES, bridge.FIXES))


@pytest.fixture(scope="module")
def prose():
    """The lesson's words, on one line and without emphasis."""
    cells = nbformat.read(LESSON, as_version=4).cells
    text = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.sub(r"\s+", " ", text.replace("*", "").replace("`", ""))


def rows(table):
    """A table of the course read without pandas: the other route to each figure."""
    with (ROOT / f"src/ospolab/data/tables/{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def contributors(project, year=None):
    """Contributors of one side in its complete quarters, {quarter: number}."""
    return {
        row["quarter"]: int(row["contributors"])
        for row in rows("forks_quarterly")
        if row["project"] == project and row["complete"] == "true" and row["quarter"].startswith(str(year or ""))
    }


def mean(project, year):
    values = contributors(project, year).values()
    return sum(values) / len(values)


def rounded(value):
    """As the cell shows it: one decimal, no idle zero."""
    return f"{round(value, 1):.1f}".removesuffix(".0")


# --------------------------------------------------------------------------------------------------- figures in words


def test_the_changes_are_counted_as_the_lesson_says(prose):
    kinds = [(row["osi_approved_before"], row["osi_approved_after"]) for row in rows("relicensings")]
    out, back = kinds.count(("true", "false")), kinds.count(("false", "true"))
    stayed, never = kinds.count(("true", "true")), kinds.count(("false", "false"))
    assert f"Of the {len(kinds)} known changes, {out} went from OSI-approved to not, {back} the other way" in prose
    assert f"{stayed} stayed OSI-approved and {never} was neither before nor after" in prose
    assert f"Of {len(kinds)} known changes {out} left the OSI's list and {back} went the other way" in prose


def test_three_came_back_and_two_had_never_been_on_the_list(prose):
    left = {row["project"] for row in rows("relicensings") if row["osi_approved_before"] == "true"}
    opened = {
        row["project"]
        for row in rows("relicensings")
        if (row["osi_approved_before"], row["osi_approved_after"]) == ("false", "true")
    }
    assert opened & left == {"Elasticsearch", "Kibana", "Redis"}
    assert opened - left == {"left-pad", "XZ Utils"}
    assert "three came back (Elasticsearch, Kibana and Redis); the two others, left-pad and XZ Utils" in prose


def test_the_days_until_redis_opened_again(prose):
    closed, month = (row["date"] for row in rows("relicensings") if row["project"] == "Redis")
    year, number = map(int, month.split("-"))
    first = (date(year, number, 1) - date.fromisoformat(closed)).days
    last = (date(year, number, 31) - date.fromisoformat(closed)).days
    assert f"took {first} to {last} days" in prose
    assert first / 30.4 < 14 < last / 30.4  # "some fourteen months"


def test_the_four_benefits(prose):
    given = {
        row["answer"]: (row["respondents"], row["base"])
        for row in rows("survey_ospo")
        if (row["year"], row["question"], row["segment"]) == ("2024", "benefits_very_impactful", "all")
    }
    legal, base = given["licence_compliance"]
    assert f"Of {base} people, {legal} grade licence compliance (legal)" in prose
    assert f"{given['faster_development_or_market'][0]} faster development" in prose
    assert f"{given['security_testing'][0]} security testing" in prose
    assert f"and {given['external_participation'][0]} taking part in projects outside" in prose
    assert int(legal) == max(int(number) for number, _ in given.values())  # "Legal leads"


def test_valkey_had_four_times_as_many_for_a_quarter(prose):
    fork, upstream = contributors("valkey"), contributors("redis")
    (first, second) = sorted(fork)
    assert f"Valkey has {fork[first]} and Redis {upstream[first]}, four times as many" in prose
    assert 4 <= fork[first] / upstream[first] < 4.5
    assert f"{fork[second]} to {upstream[second]} in the second" in prose


def test_how_often_a_fork_was_ahead(prose):
    ahead, quarters = {}, {}
    for pair in bridge.PAIRS:
        upstream, fork = (contributors(side) for side in pair.split("/"))
        both = upstream.keys() & fork.keys()
        quarters[pair], ahead[pair] = len(both), sum(fork[quarter] > upstream[quarter] for quarter in both)
    tofu, search = "terraform/opentofu", "elasticsearch/opensearch"
    assert f"In all {quarters[tofu]} complete quarters the fork was ahead in {ahead[tofu]}" in prose
    assert f"OpenSearch, in {quarters[search]}, never" in prose and ahead[search] == 0
    assert f"in {sum(quarters.values())} complete quarters of three pairs" in prose
    assert f"the fork had more contributors in {sum(ahead.values())}" in prose


def test_opentofu_was_ahead_in_its_second_quarter_and_then_behind_for_five(prose):
    fork, upstream = contributors("opentofu"), contributors("terraform")
    ahead = [fork[quarter] > upstream[quarter] for quarter in sorted(fork)]
    assert ahead[:8] == [False, True, False, False, False, False, False, True]
    assert "In its second complete quarter OpenTofu was ahead, too. Then it was behind for five." in prose


def test_the_years_before_and_after_the_split(prose):
    before, after, later = (rounded(mean("terraform", year)) for year in (2022, 2024, 2025))
    assert f"Terraform had {before} contributors a quarter in 2022, the year before the change" in prose
    assert f"{after} in 2024 and {later} in 2025" in prose
    assert f"OpenTofu had {rounded(mean('opentofu', 2024))}, then {rounded(mean('opentofu', 2025))}." in prose
    redis = [rounded(mean("redis", year)) for year in (2021, 2022, 2023)]
    assert "{} in 2021, {}, then {} in 2023".format(*redis) in prose


def test_both_ends_holds_complete_quarters_only():
    ends = bridge.both_ends("redis/valkey")
    assert str(ends.index[-1]) == "2024Q3" and ends.fork.notna().sum() == 2
    with pytest.raises(KeyError, match="choose one of"):
        bridge.both_ends("redis/redict")


# ------------------------------------------------------------------------------------------------------- the explorer


@pytest.mark.parametrize(("version", "use", "fixes"), SETTINGS)
def test_every_setting_has_an_answer_with_a_reason(version, use, fixes):
    found = bridge.answer(version, use, fixes)
    assert found.kind in (bridge.PLAN, bridge.DATE, bridge.ASK, bridge.STOP)
    assert len(found.reason) > 60


@pytest.mark.parametrize("fixes", bridge.FIXES)
def test_use_inside_is_never_more_than_a_plan(fixes):
    assert {bridge.answer(version, "inside", fixes).kind for version in bridge.VERSIONS} <= {bridge.PLAN, bridge.DATE}


def test_the_old_licence_stops_nothing_and_promises_no_fixes():
    assert {bridge.answer("7.2", use, "planned").kind for use in bridge.USES} == {bridge.PLAN}
    for use in bridge.USES:
        urgent = bridge.answer("7.2", use, "days")
        assert urgent.kind == bridge.DATE and "promises no fixes" in urgent.reason


def test_only_managed_redis_on_the_source_available_version_is_a_clear_no():
    kinds = {(version, use): bridge.answer(version, use, fixes).kind for version, use, fixes in SETTINGS}
    stopped = {where for where, kind in kinds.items() if kind == bridge.STOP}
    assert stopped == {("7.4", "service")}
    assert "commercial licence" in bridge.answer("7.4", "service", "planned").reason


def test_what_is_disputed_is_left_to_the_lawyer():
    product = bridge.answer("7.4", "product", "planned")
    assert product.kind == bridge.ASK and "disputed" in product.reason
    assert bridge.answer("8", "service", "planned").kind == bridge.ASK
    assert "trademark" in bridge.answer("8", "service", "planned").reason


def test_agpl_asks_for_source_only_when_both_conditions_meet():
    assert "you changed Redis, <em>and</em> users interact" in bridge.answer("8", "product", "planned").reason


def test_the_lesson_counts_the_answers_as_the_explorer_gives_them(prose):
    planned = [bridge.answer(version, use, "planned").kind for version in bridge.VERSIONS for use in bridge.USES]
    assert len(planned) == 12 and planned.count(bridge.STOP) == 1
    assert "Only one of the twelve is a clear no" in prose
    changed = {
        version
        for version, use in itertools.product(bridge.VERSIONS, bridge.USES)
        if bridge.answer(version, use, "planned").kind != bridge.answer(version, use, "days").kind
    }
    assert changed == {"7.2"}
    assert "changes only the left column" in prose


def test_moving_a_control_changes_the_conclusion():
    explorer = bridge.explorer()
    assert "Not under these terms" in explorer.sentence.value
    explorer.controls["version"].value = "8"
    assert "Ask your lawyer" in explorer.sentence.value and "8.0 or newer" in explorer.picture_now.value
    explorer.controls["version"].value = "7.2"
    assert "Plan.</b>" in explorer.sentence.value
    explorer.controls["fixes"].value = "days"
    assert "Plan, with a date" in explorer.sentence.value
    assert "Not legal advice" in explorer.sentence.value


# --------------------------------------------------------------------------------------------------------- pictures


def test_the_opening_picture_says_its_figures():
    alt = bridge.opening().alt
    for words in ("24 changes", "to not, 16 in", "OSI-approved, 5 in", "after, 2 in", "after, 1 in", "Redis"):
        assert words in alt


@pytest.mark.parametrize("pair", bridge.PAIRS)
def test_the_two_lines_are_told_with_their_numbers(pair):
    alt = bridge.both_ends_figure(pair, "2019Q1").alt
    for side in pair.split("/"):
        known = contributors(side)
        assert f"{side}: " in alt and f"{known[max(known)]} in {max(known)}" in alt
    assert re.search(r"licence changes on \d{1,2} \w+ 20\d\d", alt)


def test_the_map_tells_every_answer_and_the_chosen_one():
    alt = bridge.explorer().summary()
    for use in bridge.USES.values():
        assert use in alt
    assert alt.count(bridge.STOP) == 2  # in the table, and framed
    assert "Framed: as managed Redis for customers, version 7.4" in alt


def test_the_timeline_counts_each_change_once():
    marks = bridge._stacked(pd.Series(pd.to_datetime(["2023-08-10", "2023-08-10", "2024-03-20", "2024-03-21"])))
    assert marks == [0, 1, 0, 1]
