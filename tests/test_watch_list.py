"""The dependency watch list: from complete answers only, and what of it does not hold."""

from pathlib import Path

import pytest

from ospolab import control, portfolio
from ospolab.forms import definition
from ospolab.portfolio import papers, watch_list
from ospolab.portfolio.organisation import INVENTED
from ospolab.portfolio.watch_list import Entry, WatchList


def entry(project="Longhorn", by="share", figure=75, trigger="owner", owner="contact", answer="ask"):
    return {"project": project, "by": by, "figure": figure, "trigger": trigger, "owner": owner, "answer": answer}


def watch(**changes):
    rows = {
        "first": entry(),
        "second": entry("Jaeger", "people", 3, "leaves"),
        "third": entry("Dapr", "share", 46.4, "half"),
    }
    return {
        "entries": {**rows, **changes.pop("entries", {})},
        "rights": "ask",
        "why": "The shop could not take orders.",
        "decision": "Half a day a week, 12,000 a year.",
        "review": 6,
        **changes,
    }


def test_it_is_written_from_complete_answers_only(home):
    for missing in ({"rights": None}, {"entries": {"third": {}}}, {"entries": {"second": {"project": "Dapr"}}}):
        given = {key: value for key, value in watch(**missing).items() if value is not None}
        assert watch_list.issue(given).startswith("Not written yet")
    assert not (home / "portfolio").exists()
    shown = watch_list.issue(watch())
    paper = portfolio.read(WatchList)
    assert portfolio.render(paper) in shown and "Before it goes out" not in shown
    assert (home / "portfolio" / "dependency-watch-list.md").is_file()
    assert [one.project for one in paper.entries] == ["Longhorn", "Jaeger", "Dapr"]
    assert (
        "the largest employer is sold" in shown
        and "| 75 % (SUSE) |" in shown
        and "| 3 |" in shown
        and "the office's contact" in shown
    )
    # Who may publish is asked, and the page leaves room for the answers.
    assert papers.state(WatchList, INVENTED["business"]).blanks == 6
    assert paper.complaints(INVENTED["business"]) == []


def test_it_says_what_does_not_hold(home):
    given = watch(
        organisation="City library", review=18,
        entries={"first": entry(trigger="half", answer="fork"), "third": entry("Jaeger", "elephant", 2, "leaves")},
    )  # fmt: skip
    shown = watch_list.issue(given)
    said = portfolio.read(WatchList).complaints(INVENTED["business"])
    parts = [
        "It is for City library",
        "Jaeger stands in it twice",
        "is already so",
        "no first step that helps",
        "the list of 2026-08-21 gives 3",
        "says nothing about the elephant factor",
        "within a year",
    ]
    for part in parts:
        assert any(part in one for one in said), part
    assert len(said) == len(parts) and shown.count("\n- ") >= 6
    assert "City library" in shown and "It is for" not in shown


def test_a_public_office_shows_its_way_out(home):
    watch_list.issue(watch(organisation=INVENTED["government"].name))
    paper = portfolio.read(WatchList)
    assert ["Nowhere is an alternative named" in one for one in paper.complaints(INVENTED["government"])] == [True]
    watch_list.issue(watch(organisation="x", entries={"first": entry("Vitess", "left", 1, answer="fallback")}))
    assert "1 (without PlanetScale)" in portfolio.render(portfolio.read(WatchList))
    assert len(portfolio.read(WatchList).complaints(INVENTED["government"])) == 1


def test_whose_project_is_not_in_the_list_is_not_judged():
    assert watch_list.faults(Entry(**entry("our own", figure=1, trigger="half"))) == []


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({"entries": {"first": entry(figure=70)}}, {0: 2 / 3}),
        (
            {"entries": {"first": entry(figure=70), "second": entry("Jaeger", "people", 4, "leaves")}},
            {0: 1 / 3, 1: False},
        ),
        ({"entries": {"second": entry("Longhorn", "left", 2, "owner")}}, {1: False}),
        ({"entries": {"second": entry("Jaeger", "share", 16.7, "half")}}, {1: False}),
        ({"entries": {"first": entry(trigger="two-thirds")}}, {2: 2 / 3, 3: 2 / 3}),
        ({"entries": {"second": entry("Vitess", "left", 1, "left")}}, {2: 2 / 3, 3: 2 / 3}),
        ({"entries": {"third": entry("Dapr", "share", 46, "stars")}}, {2: 2 / 3, 3: 2 / 3}),
        ({"entries": {"third": entry("Dapr", "share", 46, "half", answer="note")}}, {3: 2 / 3}),
        ({"rights": "seats"}, {4: False}),
        ({"review": 13}, {4: False}),
        ({"why": "ask someone@example.org about it please"}, {5: False}),
    ],
)
def test_each_part_can_fail_alone(changes, lost):
    assert watch_list.parts(watch()) == [1, True, 1, 1, True, True] and watch_list.remarks(watch()) == []
    changed = watch(**changes)
    assert watch_list.parts(changed) == pytest.approx([lost.get(part, 1) for part in range(6)])
    assert bool(watch_list.remarks(changed)) == (5 not in lost)


def test_nothing_answered_holds_nowhere():
    assert not any(watch_list.parts({})) and watch_list.remarks({}) == []


def test_every_project_can_be_watched_by_each_definition():
    for project in watch_list.PROJECTS:
        assert project in control.cards().index
        for by in watch_list.BY:
            assert any(watch_list.trigger_holds(project, by, trigger) for trigger in watch_list.TRIGGERS), (project, by)


def test_what_is_shown_to_choose_from_holds_every_figure_that_is_asked_for():
    shown = watch_list.choices()
    assert shown.index.tolist() == watch_list.PROJECTS
    for (by, _), column in zip(watch_list.BY.items(), shown.columns, strict=True):
        assert all(watch_list.figure_holds(project, by, shown.loc[project, column]) for project in shown.index)


def test_figures_may_be_rounded_to_whole_per_cents_and_no_further():
    assert watch_list.figure_holds("Rook", "share", 56) and watch_list.figure_holds("Rook", "share", 55.6)
    assert not watch_list.figure_holds("Rook", "share", 50) and not watch_list.figure_holds("Rook", "left", 4.5)
    assert not watch_list.figure_holds("nowhere", "left", 4)


def test_the_words_of_the_form_are_those_of_the_paper():
    root = Path(__file__).resolve().parents[1]
    form = definition.task("watch", root / "exercises/source/environmentalist-governance").field("entries")
    offered = {column.id: [one.value for one in column.options] for column in form.columns if column.kind == "choice"}
    known = {
        "project": watch_list.PROJECTS, "by": watch_list.BY, "trigger": watch_list.TRIGGERS,
        "owner": watch_list.OWNERS, "answer": watch_list.ANSWERS,
    }  # fmt: skip
    assert offered == {column: list(values) for column, values in known.items()}


def test_it_changes_with_the_sector():
    assert len({watch_list.for_us(one) for one in INVENTED.values()}) == len(INVENTED)
