"""The checklist and the candidates: from complete answers only, and what of them does not hold."""

from pathlib import Path

import pytest

from ospolab import doorstep, portfolio
from ospolab.forms import definition
from ospolab.lessons import inside
from ospolab.portfolio import contribution_checklist, innersource_candidates, papers
from ospolab.portfolio.contribution_checklist import ContributionChecklist
from ospolab.portfolio.innersource_candidates import Candidate, InnerSourceCandidates
from ospolab.portfolio.organisation import INVENTED

SOURCE = Path(__file__).resolve().parents[1] / "exercises/source/enabler-community-engagement"
FIRM = INVENTED["business"]


def line(inside="recommended", public="required", proof="read"):
    return {"inside": inside, "public": public, "proof": proof}


def checklist(**changes):
    items = {name: line() for name in contribution_checklist.ITEMS}
    items |= {"readme": line("required", proof="try"), "guide": line("required"), "owners": line("required")}
    items |= {"rights": line(proof="yes"), "tests": line(proof="tool")} | changes.pop("items", {})
    return {
        "items": items,
        "promise": 5,
        "missed": "help",
        "why": "So that others can mend it.",
        "review": 12,
    } | changes


def entry(repository="date-picker", teams=7, pattern="base-documentation", measure="wait"):
    return {"repository": repository, "teams": teams, "pattern": pattern, "measure": measure}


def candidates(**changes):
    entries = {
        "first": entry(),
        "second": entry("map-tiles", 9, "warranty", "merged"),
        "third": entry("sensor-gateway", 4, "trusted-committer", "teams"),
    }
    entries |= changes.pop("entries", {})
    return {"entries": entries, "score": "sorting", "why": "Twenty teams wait for these.", "review": 3} | changes


def test_they_are_written_from_complete_answers_only(home):
    for missing in ("items", "promise", "missed", "why", "review"):
        given = {key: value for key, value in checklist().items() if key != missing}
        assert contribution_checklist.issue(given).startswith("Not written yet")
    half = checklist(items={"tests": {"inside": "required"}})
    assert contribution_checklist.issue(half).startswith("Not written yet")
    assert innersource_candidates.issue(candidates(entries={"third": {}})).startswith("Not written yet")
    assert not (home / "portfolio").exists()


def test_the_checklist_carries_what_the_linters_said(home):
    shown = contribution_checklist.issue(checklist(), doorstep.before_and_after(doorstep.labelled))
    paper = portfolio.read(ContributionChecklist)
    assert portfolio.render(paper) in shown and "Before it goes out" not in shown
    assert "| REUSE: compliant | no | yes |" in shown and paper.complaints(FIRM) == []
    assert papers.state(ContributionChecklist, FIRM).blanks == 3
    contribution_checklist.issue(checklist(promise=6), doorstep.before_and_after(None))
    assert "Tried on a repository" not in portfolio.render(portfolio.read(ContributionChecklist))
    contribution_checklist.issue(checklist(promise=6))
    assert "Tried on a repository" not in portfolio.render(portfolio.read(ContributionChecklist))


def test_the_candidates_are_written(home):
    shown = innersource_candidates.issue(candidates())
    paper = portfolio.read(InnerSourceCandidates)
    assert portfolio.render(paper) in shown and "Before it goes out" not in shown
    assert "| map-tiles | 9 | 30 Day Warranty" in shown and paper.complaints(FIRM) == []


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({"items": {"security": line(public="recommended")}}, {0}),
        ({"items": {"owners": line("recommended")}}, {1}),
        ({"items": {name: line("required") for name in contribution_checklist.ITEMS}}, {1, 2}),
        ({"items": {"guide": line("required", proof="tool")}}, {2}),
        ({"items": {"rights": line(proof="tool")}}, {2}),
        ({"items": {"rights": line(public="no", proof="yes")}}, {0}),
        ({"items": {"readme": line("required")}}, {2}),
        ({"items": {"tests": line()}}, {2}),
        ({"promise": 15}, {3}),
        ({"missed": "rank"}, {3}),
        ({"missed": "nothing"}, {3}),
        ({"review": 13}, {4}),
        ({"why": "ask someone@example.org about it please"}, {4}),
    ],
)
def test_each_part_of_the_checklist_can_fail(changes, lost):
    assert all(contribution_checklist.parts(checklist())) and contribution_checklist.remarks(checklist()) == []
    changed = checklist(**changes)
    assert {at for at, part in enumerate(contribution_checklist.parts(changed)) if not part} == lost
    assert contribution_checklist.remarks(changed)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"entries": {"first": entry("model-garden", 1, "portal")}}, [2, 2, 2, 2, 3]),
        ({"entries": {"first": entry("invoice-parser", 6, "core-team")}}, [2, 2, 2, 2, 3]),
        ({"entries": {"first": entry(teams=5)}}, [3, 2, 3, 3, 3]),
        ({"entries": {"first": entry(pattern="warranty")}}, [3, 3, 2, 3, 3]),
        ({"entries": {"first": entry(measure="commits")}}, [3, 3, 3, 2, 3]),
        ({"entries": {"second": entry()}}, [2, 2, 2, 2, 3]),
        ({"score": "choosing"}, [3, 3, 3, 3, 0]),
        ({"review": 24}, [3, 3, 3, 3, 0]),
        ({"why": "ask someone@example.org about it please"}, [3, 3, 3, 3, 0]),
    ],
)
def test_each_part_of_the_candidates_can_fail(changes, parts):
    assert innersource_candidates.parts(candidates()) == [1] * 5 and innersource_candidates.remarks(candidates()) == []
    changed = candidates(**changes)
    assert innersource_candidates.parts(changed) == pytest.approx([part / 3 for part in parts])
    assert innersource_candidates.remarks(changed)


def test_nothing_answered_holds_nowhere():
    for paper in (contribution_checklist, innersource_candidates):
        assert not any(paper.parts({})) and paper.remarks({}) == []


def test_one_answer_everywhere_earns_little():
    """Who clicks the first or the last option all the way down has no more than half of either paper."""
    for at in (0, -1):
        lines = {
            name: line(*(["required", "no"][at],) * 2, ["tool", "try"][at]) for name in contribution_checklist.ITEMS
        }
        assert sum(contribution_checklist.parts(checklist(items=lines, why=""))) <= 2
    names = list(inside.OBSTACLES)
    for at in (0, -1):
        given = candidates(entries=dict.fromkeys(("first", "second", "third"), entry(names[at], 1, "portal")), why="")
        assert sum(innersource_candidates.parts(given)) <= 1


def test_they_say_for_whom_and_what_does_not_hold(home):
    contribution_checklist.issue(
        checklist(organisation="City library", items={"tests": line(public="no"), "conduct": line(public="no")})
    )
    paper = portfolio.read(ContributionChecklist)
    said = paper.complaints(INVENTED["government"])
    assert len(said) == 3 and "City library" in said[0] and "tested" in said[1] and "code of conduct" in said[2]
    given = candidates(
        organisation="City library", entries={"second": entry(), "third": entry("x", 1, "portal", "stars")}
    )
    shown = innersource_candidates.issue(given | {"score": "rating", "review": 18})
    for part in (
        "date-picker stands in it twice",
        "can rise while nobody is helped",
        "sorts a page",
        "not a programme",
    ):
        assert part in shown
    assert "It is for City library" in portfolio.read(InnerSourceCandidates).complaints(FIRM)[0]


def test_a_repository_of_their_own_is_not_judged():
    assert innersource_candidates.faults(Candidate(**entry("our-own", 1, "portal"))) == []


def test_the_words_of_the_forms_are_those_of_the_papers():
    def values(options):
        return [one.value for one in options]

    form = definition.task("checklist", SOURCE)
    items = form.field("items")
    assert values(items.rows) == list(contribution_checklist.ITEMS)
    offered = {column.id: values(column.options) for column in items.columns}
    levels = list(contribution_checklist.LEVELS)
    assert offered == {"inside": levels, "public": levels, "proof": list(contribution_checklist.PROOFS)}
    assert values(form.field("missed").options) == list(contribution_checklist.MISSED)
    form = definition.task("candidates", SOURCE)
    columns = {column.id: column for column in form.field("entries").columns}
    assert values(columns["repository"].options) == [row[0] for row in inside.OFFERED]
    assert values(columns["pattern"].options) == list(innersource_candidates.PATTERNS)
    assert values(columns["measure"].options) == list(innersource_candidates.MEASURES)
    assert set(values(form.field("score").options)) == set(innersource_candidates.SCORE_FOR)
    patterns = definition.task("patterns", SOURCE).field("chosen").columns[0]
    assert values(patterns.options) == list(innersource_candidates.PATTERNS)


def test_they_change_with_the_sector():
    for paper in (contribution_checklist, innersource_candidates):
        assert len({paper.for_us(one) for one in INVENTED.values()}) == len(INVENTED)
