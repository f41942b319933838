"""The community plan: from complete answers only, and what of it does not hold."""

from pathlib import Path

import pytest

from ospolab import portfolio, retention
from ospolab.forms import definition
from ospolab.portfolio import community_plan, papers
from ospolab.portfolio.community_plan import CommunityPlan, Entry
from ospolab.portfolio.organisation import INVENTED


def entry(measure="back", baseline=12.9, target=16, months=24, how="history", stop="cohorts"):
    return dict(measure=measure, baseline=baseline, target=target, months=months, how=how, stop=stop)


def plan(**changes):
    rows = {
        "first": entry(),
        "second": entry("response", 4, 2, 3, "tracker", "gamed"),
        "third": entry("silent", 1, 0, 3, "tracker", "load"),
    }
    return {
        "project": "terraform", "whose": "agreed", "entries": {**rows, **changes.pop("entries", {})},
        "role": "community", "budget": 9000, "decision": "Two days a month from January.", "review": 6, **changes,
    }  # fmt: skip


def test_it_is_written_from_complete_answers_only(home):
    for missing in ({"whose": None}, {"entries": {"third": {}}}, {"budget": None}):
        given = {key: value for key, value in plan(**missing).items() if value is not None}
        assert community_plan.issue(given).startswith("Not written yet")
    assert not (home / "portfolio").exists()
    shown = community_plan.issue(plan())
    paper = portfolio.read(CommunityPlan)
    assert portfolio.render(paper) in shown and "Before it goes out" not in shown
    assert (home / "portfolio" / "community-plan.md").is_file()
    assert paper.complaints(INVENTED["business"]) == []
    assert "**Today:** 12.9 % (140 newcomers, first change 2023Q3 to 2025Q2; chance alone can move" in shown
    assert "from 8 to 19 %" in shown and "9,000 euro" in shown
    # The figures of the tracker are invented; the page leaves room for the project's own.
    assert papers.state(CommunityPlan, INVENTED["business"]).blanks == 1


def test_it_says_what_does_not_hold(home):
    given = plan(
        organisation="City library", review=18, whose="unasked", role="nobody",
        entries={
            "first": entry("stars", 40000, 50000, 12),
            "second": entry("response", 4, 5, 1, "impression", "never"),
            "third": entry("response", 4, 2, 3, "tracker", "gamed"),
        },
    )  # fmt: skip
    community_plan.issue(given)
    said = portfolio.read(CommunityPlan).complaints(INVENTED["business"])
    parts = [
        "It is for City library", "stands in it twice", "vanity", "is not better", "takes 2", "must not, be collected",
        "no condition that this measure can meet", "whether anybody stayed", "Nobody has asked", "nobody: name a role",
        "within a year",
    ]  # fmt: skip
    for part in parts:
        assert any(part in one for one in said), part
    assert len(said) == len(parts)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"measure": "board", "baseline": 0, "target": 10}, "a ranking of persons"),
        ({"measure": "newest", "baseline": 6, "target": 20}, "not been here long enough"),
        ({"measure": "reached"}, "says nothing about who stayed"),
        ({"baseline": 10}, "the data gives 12.9"),
        ({"target": 12}, "is not better"),
        ({"target": 120}, "cannot be"),
        ({"months": 15}, "its first full window takes 24"),
        ({"how": "list"}, "must not, be collected"),
        ({"stop": "never"}, "no condition"),
        ({"stop": "budget"}, "no condition"),
    ],
)
def test_each_fault_of_an_entry_is_named(changed, says):
    assert community_plan.faults("terraform", Entry(**entry())) == []
    said = community_plan.faults("terraform", Entry(**entry(**changed)))
    assert len(said) == 1 and says in said[0]


def test_only_projects_are_planned_for_whose_shares_rest_on_five_people():
    known = {project for project in retention.PROJECTS if (retention.baselines(project)["share"] > 0).all()}
    assert known == set(community_plan.PROJECTS)
    assert community_plan.today("flask", "back") is None


def test_the_plan_for_others_goes_to_them_first(home):
    assert "nothing starts before they have agreed" in community_plan.issue(plan(whose="first"))
    assert portfolio.read(CommunityPlan).complaints(INVENTED["business"]) == []


def test_who_publishes_nothing_has_no_project_of_its_own(home):
    community_plan.issue(plan(whose="ours"))
    paper = portfolio.read(CommunityPlan)
    assert ["publishes no project" in one for one in paper.complaints(INVENTED["business"])] == [True]
    theirs = INVENTED["education"].model_copy(update={"name": paper.organisation})
    assert paper.complaints(theirs) == []


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        # Targets, time and collection count only where the baseline is that of the data.
        ({"entries": {"first": entry(baseline=10)}}, dict.fromkeys((0, 2, 3, 4), 2 / 3)),
        ({"entries": {"second": entry("three", 15.7, 20)}, "project": "terraform"}, {}),
        ({"entries": {"third": entry("response", 4, 3, 3, "tracker", "load")}}, {1: False}),
        ({"entries": {"first": entry("backlog", 4, 3, 3, "tracker", "load")}}, {1: False}),
        ({"entries": {"first": entry(target=12)}}, {2: 2 / 3}),
        ({"entries": {"first": entry(months=15)}}, {3: 2 / 3}),
        ({"entries": {"first": entry(stop="gamed")}}, {4: 2 / 3}),
        ({"entries": {"first": entry(how="tracker")}}, {4: 2 / 3}),
        ({"budget": 0}, {}),
        ({"review": 13}, {5: False}),
        ({"role": "nobody"}, {5: False}),
        ({"whose": "unasked"}, {5: False}),
        ({"decision": "ask someone@example.org about it please"}, {5: False}),
    ],
)
def test_each_part_can_fail_alone(changes, lost):
    assert community_plan.parts(plan()) == [1, True, 1, 1, 1, True] and community_plan.remarks(plan()) == []
    changed = plan(**changes)
    assert community_plan.parts(changed) == pytest.approx([lost.get(part, 1) for part in range(6)])
    assert bool(community_plan.remarks(changed)) == (bool(lost) and "decision" not in changes)


def test_nothing_answered_holds_nowhere():
    assert not any(community_plan.parts({})) and community_plan.remarks({}) == []


def test_the_words_of_the_form_are_those_of_the_paper():
    root = Path(__file__).resolve().parents[1]
    form = definition.task("plan", root / "exercises/source/advocate-community-engagement")
    columns = {one.id: [o.value for o in one.options] for one in form.field("entries").columns if one.kind == "choice"}
    measures = [*community_plan.MEASURES, *community_plan.VANITY]
    assert columns == {"measure": measures, "how": [*community_plan.HOW], "stop": [*community_plan.STOP]}
    offered = {name: {option.value for option in form.field(name).options} for name in ("project", "whose", "role")}
    assert offered == {
        "project": set(community_plan.PROJECTS), "whose": set(community_plan.WHOSE), "role": set(community_plan.ROLES),
    }  # fmt: skip


def test_every_project_can_be_planned_for_with_the_figures_that_are_shown():
    shown = community_plan.baselines_shown()
    for project in community_plan.PROJECTS:
        for measure, words in zip(community_plan.HISTORY, shown.loc[project], strict=True):
            assert community_plan.baseline_holds(project, measure, float(words.split(" of ")[0]))
    assert not community_plan.baseline_holds("our own", "back", 10)


def test_it_changes_with_the_sector():
    assert len({community_plan.for_us(one) for one in INVENTED.values()}) == len(INVENTED)
