"""Licence policies: expressions, rules that hold up, scores, exceptions; and the two papers."""

import copy
import random
from datetime import date

import pandas as pd
import pytest

from ospolab import licence_policy, portfolio, sbom
from ospolab.authoring import cases
from ospolab.data import document
from ospolab.forms import definition
from ospolab.lessons import licence_board
from ospolab.portfolio import licence_policy as paper
from ospolab.portfolio.licence_policy import LicencePolicy, LicenceRules
from ospolab.portfolio.organisation import INVENTED

FORMS = cases.ROOT / "exercises" / "source" / "counselor-governance"
RIGHT = [one for one in cases.students("counselor-governance") if one == "reference" or one.startswith("right-")]
RULES = [
    {"name": "good", "when": {"licence": ["MIT", "Zlib"], "modified": ["as-is"]}, "route": "allow"},
    {"name": "bad", "when": {"licence": ["BUSL-1.1"]}, "route": "refuse"},
    {"name": "rest", "when": {}, "route": "board"},
]


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("MIT", "allow"),
        ("BUSL-1.1", "refuse"),
        ("MPL-2.0", "board"),
        ("MIT OR BUSL-1.1", "allow"),
        ("MIT AND BUSL-1.1", "refuse"),
        ("MPL-2.0 OR BUSL-1.1", "board"),
        ("MPL-2.0 AND MIT", "board"),
        ("(MIT OR BUSL-1.1) AND Zlib", "allow"),
        ("MIT OR BUSL-1.1 AND MPL-2.0", "allow"),
        ("MIT, Zlib", "board"),
        ("BSD", "board"),
        ("", "board"),
        (None, "board"),
    ],
)
def test_an_expression_is_decided_licence_by_licence(licence, expected):
    assert licence_policy.decide(licence_policy.component(licence), RULES) == expected


def test_other_facts_than_the_licence_decide_too():
    assert licence_policy.deciding(licence_policy.component("MIT", "changed"), RULES) == ("board", "rest")
    source = [{"name": "source", "when": {"source": ["missing"]}, "route": "refuse"}, *RULES]
    assert licence_policy.decide(licence_policy.component("MIT", source="missing"), source) == "refuse"
    assert licence_policy.deciding(licence_policy.component("MIT"), []) == ("board", "")
    exception = [{"name": "e", "when": {"licence": ["GPL-2.0-only WITH Classpath-exception-2.0"]}, "route": "allow"}]
    assert licence_policy.decide(licence_policy.component("GPL-2.0-only"), exception) == "board"
    assert (
        licence_policy.decide(licence_policy.component("GPL-2.0-only WITH Classpath-exception-2.0"), exception)
        == "allow"
    )


def test_ways_to_keep_an_expression():
    assert licence_policy.ways("MIT OR (GPL-2.0-only AND Zlib)") == [{"MIT"}, {"GPL-2.0-only", "Zlib"}]
    assert licence_policy.ways("(MIT OR ISC) AND (Zlib OR X11)") == [
        {"MIT", "Zlib"},
        {"MIT", "X11"},
        {"ISC", "Zlib"},
        {"ISC", "X11"},
    ]
    assert licence_policy.ways("MIT, Zlib") == licence_policy.ways("") == []
    assert licence_policy.licences("MIT AND (ISC OR MIT)") == ["MIT", "ISC"]


def test_rules_that_do_not_hold_up_are_said():
    assert licence_policy.faults(RULES) == licence_policy.dead(RULES) == licence_policy.clashes(RULES) == []
    wrong = [
        {
            "name": "a",
            "when": {"licence": ["GPL-2.0", "NoSuch-1.0", "LicenseRef-own"], "colour": ["red"]},
            "route": "no",
        },
        {"name": "a", "when": {"modified": ["never"]}, "route": "allow"},
    ]
    said = " ".join(licence_policy.faults(wrong))
    for word in ("stands twice", "deprecated", "NoSuch-1.0", "colour", "never", 'route is "no"', "last rule"):
        assert word in said, word
    assert "LicenseRef-x" not in said and "The last rule" in licence_policy.faults([])[0]


def test_contradictions_whole_and_in_part():
    late = {"name": "late", "when": {"licence": ["MIT", "ISC"]}, "route": "refuse"}
    everywhere = {"name": "mit", "when": {"licence": ["MIT"]}, "route": "allow"}
    part = [everywhere, late, RULES[-1]]
    assert licence_policy.clashes(part) == [("mit", "late")] and licence_policy.dead(part) == []
    whole = [{"name": "all", "when": {}, "route": "board"}, late]
    assert licence_policy.clashes(whole) == [("all", "late")] and licence_policy.dead(whole) == ["late"]
    agrees = [everywhere, {**late, "route": "allow"}, RULES[-1]]
    assert licence_policy.clashes(agrees) == []


# ------------------------------------------------------------------------------------------------------------- scores


def test_the_figures_of_the_register_are_those_of_its_description():
    register = licence_policy.decisions()
    assert register.groupby(["by", "happened"]).size().to_dict() == {
        ("board", "denied"): 3,
        ("board", "let in"): 123,
        ("rule", "let in"): 269,
    }
    said = licence_board.said(licence_board.written())
    table = licence_policy.confusion(said, register["happened"])
    assert table.to_numpy().tolist() == [[321, 71, 0], [1, 2, 0]]
    assert licence_board.said(licence_board.written(), source_first=True).count("allow") == 321


def test_scores_count_each_kind_of_mistake():
    said = ["allow"] * 3 + ["board"] * 2 + ["refuse"] * 2
    happened = ["let in", "let in", "denied", "let in", "denied", "let in", "denied"]
    score = licence_policy.scores(said, happened)
    assert score == pytest.approx(
        {"wrong yes": 1, "wrong no": 1, "asked": 2, "precision": 2 / 3, "recall": 0.5, "caught": 2 / 3}
    )
    assert licence_policy.cost(score, wrong_yes=10, wrong_no=4, question=0.5) == 15
    nothing = licence_policy.scores(["board"], ["let in"])
    assert nothing["precision"] is None and nothing["caught"] is None and nothing["recall"] == 0


# --------------------------------------------------------------------------------------------------------- exceptions


def test_an_exception_covers_what_it_says_until_its_last_day():
    one = {
        "component": "x",
        "licence": "MPL-2.0",
        "when": {"project": ["A"], "modified": ["as-is"], "linking": ["dynamic"]},
        "until": date(2026, 11, 28),
    }
    use = {"component": "x", "licence": "MPL-2.0", "project": "A", "modified": "as-is", "linking": "dynamic"}
    assert licence_policy.breaches(one, use, date(2026, 11, 28)) == []
    assert licence_policy.breaches(one, use, date(2026, 11, 29)) == ["expired"]
    other = {**use, "project": "B", "modified": "changed", "linking": "static", "licence": "MPL-2.0 AND MIT"}
    assert licence_policy.breaches(one, other, date(2026, 1, 1)) == ["project", "modified", "linking", "licence"]
    assert licence_policy.breaches({**one, "when": {}, "until": None}, other, date.max) == ["licence"]


def test_the_audit_of_the_gateway():
    bom = document("harbour-gateway.cdx.json")
    assert sbom.problems(bom) == []
    used = licence_policy.uses(bom)
    found = licence_policy.audit(used, licence_policy.board_exceptions(), licence_board.written(), date(2026, 11, 28))
    assert found["by"].tolist() == ["rule", "exception", "exception", "", "", "exception", "", "", "rule"]
    assert [one for one in found["not covered"] if one] == ["modified", "project", "no exception", "no exception"]
    # What an SBOM does not say is not taken for unchanged.
    silent = licence_policy.audit([{**used[0], "modified": ""}], [], licence_board.written(), date(2026, 11, 28))
    assert silent["not covered"].tolist() == ["no exception"]


def test_the_audit_of_the_office_and_its_form():
    right = licence_board.findings()
    form = definition.task("audit", FORMS).field("found")
    assert [row.value for row in form.rows] == list(right)
    assert set(right.values()) == {option.value for option in form.columns[0].options}
    assert right == {
        row: cells["finding"]
        for row, cells in cases.case("counselor-governance", "reference")["answers"]["audit"]["found"].items()
    }
    assert len(licence_board.exception_list().data.splitlines()) == 8
    assert "- **Qt**, `LGPL-3.0-only`: as it came; in one binary" in licence_board.use_list().data


# -------------------------------------------------------------------------------------------------------------- views


def test_the_explorer_answers_every_setting_and_its_conclusion_moves():
    cheapest = set()
    for step in licence_board.steps():
        for dear, lost, source in ((1, 0, False), (20, 0, True), (20, 3, False), (1000, 10, False)):
            told, picture = licence_board._view(step, dear, lost, source)
            cheapest.add(told.rsplit("<b>", 1)[1])
            assert step in told and "The cheapest" in picture.alt
    assert len(cheapest) == 4
    assert "<b>everything</b>" in licence_board.explorer()._start_sentence


def test_what_the_lesson_says_of_its_steps_and_periods():
    table = licence_board.ladder()
    assert table["asked"].tolist() == [395, 309, 188, 73, 27, 20, 0]
    assert table["lost"].tolist() == [0, 0, 6, 14, 33, 36, 71]
    assert table["wrong yes"].tolist() == [0, 1, 1, 1, 1, 1, 3]
    periods = licence_board.periods(licence_board.written())
    assert periods.loc["precision"].tolist() == ["1.000", "0.750"] and periods.loc["caught", "2019"] == "–"
    assert "the board: no 3" in licence_board.opening().alt
    register = licence_policy.decisions()
    assert register[register["decided_on"].dt.year == 2019]["decided_on"].nunique() == 2
    said = pd.Series(licence_board.said(licence_board.written()))
    assert pd.crosstab(register["by"], said == "allow").to_numpy().tolist() == [[72, 54], [1, 268]]


# ------------------------------------------------------------------------------------------------------------- papers


def answers(student="reference"):
    return copy.deepcopy(cases.case("counselor-governance", student)["answers"]["policy"])


def asked():
    return paper.drawn(random.Random("a test"))


def test_the_form_offers_what_the_paper_knows():
    form = definition.task("policy", FORMS)
    assert [row.value for row in form.field("licences").rows] == list(paper.ASKED)
    for field, known in (("decides", paper.DECIDES), ("appeal", paper.APPEALS), ("ships", paper.SHIPS)):
        assert {option.value for option in form.field(field).options} == set(known)
    for field, known in (("scope", paper.SCOPE), ("refusal", paper.REFUSAL)):
        assert {option.value for option in form.field(field).options} == set(known)
    assert [option.value for option in form.field("licences").columns[0].options] == list(paper.ANSWERS)


@pytest.mark.parametrize("student", RIGHT)
def test_right_policies_hold(student):
    assert paper.parts(answers(student), asked()) == [True] * 3 + [1.0, 1.0, True]
    rules = paper.rules_from(answers(student))
    assert (licence_policy.faults(rules), licence_policy.clashes(rules), licence_policy.dead(rules)) == ([], [], [])
    assert paper.remarks(answers(student), asked()) == []


def test_one_answer_everywhere_earns_no_point_for_rules():
    for answer in paper.ANSWERS:
        given = answers()
        given["licences"] = {row: {"answer": answer} for row in given["licences"]}
        assert not any(paper.parts(given, asked())[:3]), answer
    assert not any(paper.parts({}, asked()))


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"source": "allow"}, 0),
        ({"decides": "team"}, 3),
        ({"appeal": "none"}, 3),
        ({"scope": ["component", "until"]}, 4),
        ({"refusal": ["reason", "change", "appeal", "law"]}, 4),
        ({"refusal": ["reason", "change", "appeal", "final"]}, 4),
        ({"lasts": 36}, 5),
        ({"review": 24}, 5),
    ],
)
def test_each_weakness_costs_its_part_and_is_said(change, at):
    given = {**answers(), **change}
    assert paper.parts(given, asked())[at] < 1
    assert paper.remarks(given, asked())


def test_what_can_be_defended_and_asks_for_something_is_said_and_costs_nothing(home):
    given = answers()
    given["licences"] |= {"mpl": {"answer": "allow"}, "lgpl": {"answer": "allow"}}
    assert paper.parts(given, asked()) == [True] * 3 + [1.0, 1.0, True]
    shown = paper.issue(given)
    assert "Before it goes out" not in shown and "Say who does that" in shown and "how it is joined" in shown
    assert "asks for something" not in paper.issue(answers())
    assert "asks for something" not in paper.issue({**given, "ships": "inside"})


def test_both_papers_are_written_from_complete_answers_only(home):
    for missing in ("licences", "source", "decides", "review", "scope"):
        given = answers()
        del given[missing]
        assert paper.issue(given).startswith("Not written yet"), missing
    assert not (home / "portfolio").exists()
    shown = paper.issue(answers())
    rules, policy = portfolio.read(LicenceRules), portfolio.read(LicencePolicy)
    assert "Before it goes out" not in shown and portfolio.render(policy) in shown
    assert "`MPL-2.0`; as it came" in shown and "by 2027-" in shown
    ours = INVENTED["business"].model_copy(update={"name": "City library"})
    assert rules.complaints(ours) == policy.complaints(ours) == []
    assert any("It is for City library" in said for said in policy.complaints(INVENTED["business"]))


def test_what_does_not_hold_is_complained_about(home):
    mild = answers("right-inside-only")
    shown = paper.issue({**mild, "appeal": "same", "organisation": "Kessel Controls"})
    assert (
        "Before it goes out" in shown and "ships devices or programs" in shown and "back to those who decided" in shown
    )
    # Somebody edits the data by hand: an old id, and a licence that comes in twice.
    path = home / "portfolio" / "policy.yml"
    text = path.read_text("utf-8").replace("- MPL-2.0\n", "- GPL-2.0\n", 1)
    path.write_text(text, "utf-8")
    ours = INVENTED["business"].model_copy(update={"name": "Kessel Controls"})
    assert any("deprecated" in said for said in portfolio.read(LicenceRules).complaints(ours))
    assert any("other rules" in said for said in portfolio.read(LicencePolicy).complaints(ours))
    path.unlink()
    assert any("no policy.yml" in said for said in portfolio.read(LicencePolicy).complaints(ours))


def test_rules_that_let_too_much_in_are_complained_about():
    ours = INVENTED["business"]
    rules = (
        {"name": "all", "when": {"licence": ["MIT", "GPL-3.0-or-later"]}, "route": "allow"},
        {"name": "late", "when": {"licence": ["MIT"]}, "route": "refuse"},
        {"name": "rest", "when": {}, "route": "board"},
    )
    said = " ".join(
        LicenceRules(organisation=ours.name, written="2026-11-28", ships="handed-out", rules=rules).complaints(ours)
    )
    assert "contradict each other" in said and "GPL-3.0-or-later" in said and '"late" is never reached' in said
