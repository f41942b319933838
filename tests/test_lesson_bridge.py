"""The lesson "A bridge with two ends": its figures in words, its explorer, and what its pictures say."""

import csv
import itertools
import re
from datetime import date
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup

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


def said(project, year):
    """The year's mean as the prose has it: all its decimals, no idle zero."""
    return f"{mean(project, year):g}"


# --------------------------------------------------------------------------------------------------- figures in words


def test_the_changes_are_counted_as_the_lesson_says(prose):
    kinds = [(row["osi_approved_before"], row["osi_approved_after"]) for row in rows("relicensings")]
    out, back = kinds.count(("true", "false")), kinds.count(("false", "true"))
    stayed, never = kinds.count(("true", "true")), kinds.count(("false", "false"))
    assert f"Of the {len(kinds)} known changes, {out} went from OSI-approved to not, {back} the other way" in prose
    assert f"{stayed} stayed OSI-approved and {never} was neither before nor after" in prose
    days = {row["date"] for row in rows("relicensings") if row["osi_approved_after"] == "false"} - {
        row["date"] for row in rows("relicensings") if row["osi_approved_before"] == "false"
    }
    assert f"the {out} are {len(days)} announcements" in prose
    assert (
        f"{out} went to terms without an approved choice, in {len(days)} announcements; {back} went the other" in prose
    )


def test_who_changed_several_projects_on_one_day(prose):
    left = [row for row in rows("relicensings") if row["osi_approved_before"] > row["osi_approved_after"]]
    by_day = {day: {row["project"] for row in left if row["date"] == day} for day in {row["date"] for row in left}}
    several = [projects for projects in by_day.values() if len(projects) > 1]
    assert sorted(several, key=len) == [
        {"Elasticsearch", "Kibana"},
        {"Consul", "Terraform", "Vagrant", "Vault"},
    ]
    assert "four projects changed with HashiCorp on one day, two with Elastic" in prose


def test_three_came_back_and_two_came_from_terms_never_approved(prose):
    left = {row["project"] for row in rows("relicensings") if row["osi_approved_before"] == "true"}
    opened = {
        row["project"]
        for row in rows("relicensings")
        if (row["osi_approved_before"], row["osi_approved_after"]) == ("false", "true")
    }
    assert opened & left == {"Elasticsearch", "Kibana", "Redis"}
    assert opened - left == {"left-pad", "XZ Utils"}
    before = {row["project"]: row["from_spdx"] for row in rows("relicensings")}
    assert before["left-pad"] == "WTFPL" and before["XZ Utils"] == "LicenseRef-public-domain"
    assert (
        "three came back: Elasticsearch, Kibana and Redis. The two others, left-pad and XZ Utils, came from terms"
        in prose
    )


def test_the_days_until_redis_opened_again(prose):
    closed, month = (row["date"] for row in rows("relicensings") if row["project"] == "Redis")
    year, number = map(int, month.split("-"))
    first = (date(year, number, 1) - date.fromisoformat(closed)).days
    last = (date(year, number, 31) - date.fromisoformat(closed)).days
    assert f"took {first} to {last} days" in prose
    assert first / 30.4 < 14 < last / 30.4  # "some fourteen months"


def test_valkey_had_four_times_as_many_for_a_quarter(prose):
    fork, upstream = contributors("valkey"), contributors("redis")
    (first, second) = sorted(fork)
    assert f"Valkey has {fork[first]} and Redis {upstream[first]}, four times as many" in prose
    assert 4 <= fork[first] / upstream[first] < 4.5
    assert f"in the second the lead is {fork[second]} to {upstream[second]}" in prose


def test_opensearch_never_led_and_its_common_quarters_begin_late(prose):
    fork, upstream = contributors("opensearch"), contributors("elasticsearch")
    both = sorted(fork.keys() & upstream.keys())
    assert not any(fork[quarter] > upstream[quarter] for quarter in both)
    assert (both[0], len(both)) == ("2023Q4", 5)  # the split came in spring 2021
    assert "OpenSearch never led, but its five common quarters begin two and a half years after the split" in prose


def test_opentofu_was_ahead_then_behind_and_is_level(prose):
    fork, upstream = contributors("opentofu"), contributors("terraform")
    quarters = sorted(fork)
    ahead = [fork[quarter] > upstream[quarter] for quarter in quarters]
    assert ahead[:7] == [False, True, False, False, False, False, False]
    assert "In its second complete quarter OpenTofu was ahead, too. Then it was behind for five." in prose
    assert len(quarters) == 7 + 4 and "In the last four the two are level." in prose
    totals = [sum(side[quarter] for quarter in quarters[-4:]) for side in (fork, upstream)]
    assert abs(totals[0] - totals[1]) < 0.05 * totals[0] and ahead[-4:].count(True) == 2


def test_the_years_before_and_after_the_split(prose):
    terraform = contributors("terraform", 2025)
    first, second, third, fourth = (terraform[quarter] for quarter in sorted(terraform))
    before, after = said("terraform", 2022), said("terraform", 2024)
    assert f"Terraform had {before} contributors a quarter in 2022, the year before the change, and {after} in" in prose
    assert f"In 2025 it fell in one step: {first} and {second}, then {third} and {fourth}." in prose
    assert f"OpenTofu had {said('opentofu', 2024)}, then {said('opentofu', 2025)}." in prose
    redis = [said("redis", year) for year in (2021, 2022, 2023)]
    assert "before its change: {} in 2021, {}, then {} in 2023".format(*redis) in prose
    assert f"{said('elasticsearch', 2020)} in 2020 and {said('elasticsearch', 2024)} in 2024" in prose
    assert f"OpenSearch went from {said('opensearch', 2022)} in 2022 to {said('opensearch', 2024)}." in prose


def test_a_year_counts_only_with_four_complete_quarters():
    table = bridge.by_year()
    assert list(table.columns) == list(range(2020, 2026))
    for project, year in itertools.product(table.index, table.columns):
        whole = len(contributors(project, year)) == 4
        assert pd.notna(table.loc[project, year]) == whole
        assert not whole or table.loc[project, year] == mean(project, year)
    assert "valkey" not in table.index  # two quarters only


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
    for version in ("7.2", "8"):
        assert "trademark" in bridge.answer(version, "service", "planned").reason


@pytest.mark.parametrize("version", ["7.4", "8"])
def test_what_is_built_into_a_dwelling_counts_as_a_consumer_device(version):
    assert "built into a dwelling" in bridge.answer(version, "device", "planned").reason


def test_the_day_of_the_last_fix_stands_beside_the_day_it_was_read(prose):
    urgent = bridge.answer("7.2", "inside", "days").reason
    assert "1 December 2029" in urgent and "read on 23 November 2026" in urgent
    assert "Its version page now names 1 December 2029" in prose


def test_the_list_to_read_holds_every_answer_with_its_reason():
    soup = BeautifulSoup(bridge.reasons().markup, "html.parser")
    items = [item.get_text() for item in soup.select("details > ul > li")]
    assert len(items) == 12
    for (version, use), item in zip(itertools.product(bridge.VERSIONS, bridge.USES), items, strict=True):
        found = bridge.answer(version, use, "planned")
        assert bridge.VERSIONS[version] in item and f": {found.kind}." in item
        assert BeautifulSoup(found.reason, "html.parser").get_text() in item
    assert "Fixes are needed within days" in soup.get_text() and "Not legal advice" in soup.get_text()


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


def test_the_caption_repeats_the_quarters_that_both_sides_have():
    caption = bridge.both_ends_figure("terraform/opentofu").caption
    for side in ("terraform", "opentofu"):
        known = contributors(side)
        numbers = ", ".join(str(known[quarter]) for quarter in sorted(contributors("opentofu")))
        assert f"{side} {numbers}" in caption


def test_the_map_tells_every_answer_and_the_chosen_one():
    alt = bridge.explorer().summary()
    for use in bridge.USES.values():
        assert use in alt
    assert alt.count(bridge.STOP) == 2  # in the table, and framed
    assert "Framed: as managed Redis for customers, version 7.4" in alt


def test_the_timeline_counts_each_change_once():
    marks = bridge._stacked(pd.Series(pd.to_datetime(["2023-08-10", "2023-08-10", "2024-03-20", "2024-03-21"])))
    assert marks == [0, 1, 0, 1]
