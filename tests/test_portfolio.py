"""Papers: written whole, read back, checked against schema and sector, and only from complete answers."""

import json

import pytest
import yaml
from pydantic import Field
from typer.testing import CliRunner

from ospolab import cli, course, health, portfolio
from ospolab.portfolio import PaperError, charter, health_report, papers, shelf
from ospolab.portfolio.charter import Charter
from ospolab.portfolio.health_report import HealthReport
from ospolab.portfolio.organisation import INVENTED, SEGMENTS, Organisation, current, from_answers, issue, still_open

RULE = {"window": 12, "new-for": 24, "threshold": 25, "fewest": 20}
REPORT = {
    "project": "flask",
    "use": "The catalogue could not be searched.",
    "factor-50": 1,
    "factor-80": 1,
    "newcomer": 3,
    "reading": "few-hands",
    "question": "Who reviews?",
    "owner": "contact",
    "support": ["review"],
    "decision": "Two hours a week, 8,000 a year.",
    "review": 3,
}
MINE = {
    "start": "own",
    "name": "Harbour Library",
    "segment": "government",
    "people": 49,
    "region": "eu",
    "ships": ["app"],
    "uses": ["internally"],
}


def charter_for(organisation):
    """Answers of a charter that holds for the organisation, and needs no more than it must."""
    return {
        "aim": "Services that people can rely on",
        "not": ["gate", "legal", "bridge"],
        "sponsor": "head",
        "home": "it",
        "mandate": ["policies", "advice"],
        "clauses": charter.required(organisation),
        "days": 2,
        "results": "A policy in May, training in June, an inventory in December",
        "review": 12,
    }


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A learner's copy, and the working folder inside it."""
    (tmp_path / ".ospolab").mkdir()
    (inside := tmp_path / "exercises" / "one").mkdir(parents=True)
    monkeypatch.chdir(inside)
    return tmp_path


# Files


@pytest.mark.parametrize("organisation", INVENTED.values(), ids=INVENTED)
def test_a_paper_is_read_back_as_it_was_written(home, organisation):
    path = portfolio.write(organisation).path
    assert path == home / "portfolio" / "organisation.yml" == papers.path_of(Organisation)
    assert portfolio.read(Organisation) == organisation == current()
    assert [file.name for file in path.parent.iterdir()] == ["organisation.yml"]


def test_until_there_is_an_organisation_it_is_the_invented_firm(home):
    assert current() == INVENTED["business"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# Hello", "does not begin with front matter"),
        ("---\npaper: charter\nsponsor: [\n---\n", r"charter\.md, line [34]: this cannot be read as YAML"),
        ("---\n- charter\n---\n", "expected lines like `name: value`"),
        ("---\npaper: health-report\n---\n", "\"paper\" is 'health-report'; expected charter"),
        ("---\npaper: charter\nsponser: head\n---\n", "sponser: there is no such key"),
        ("---\npaper: charter\nsponsor: the cat\n---\n", 'there is no "the cat"; expected one of: head'),
        ("---\npaper: charter\n---\n", "written: is missing"),
    ],
)
def test_a_paper_that_is_not_what_it_should_be_says_where(home, text, says):
    (home / "portfolio").mkdir()
    (home / "portfolio" / "charter.md").write_text(text)
    with pytest.raises(PaperError, match=says):
        portfolio.read(Charter)


def test_a_name_that_yaml_would_take_for_something_else_stays_a_name(home):
    portfolio.write(INVENTED["business"].model_copy(update={"name": "No"}))
    assert current().name == "No"
    path = home / "portfolio" / "organisation.yml"
    path.write_text(path.read_text().replace("'No'", "No"))
    assert current().name == "No"


def test_what_was_changed_by_hand_is_kept_beside_the_new_one(home):
    mine, other = INVENTED["education"], INVENTED["government"]
    first = portfolio.write(mine)
    assert first.changed and not portfolio.write(mine).changed
    assert [file.name for file in first.path.parent.iterdir()] == ["organisation.yml"]
    for paper, text in ((other, "paper: organisation\nname: Ours\n"), (mine, "not: [readable\n")):
        first.path.write_text(text)
        assert "changed there by hand is in `organisation.mine" in str(portfolio.write(paper))
    kept = {file.name: file.read_text() for file in first.path.parent.iterdir() if file != first.path}
    assert kept == {
        "organisation.mine.yml": "paper: organisation\nname: Ours\n",
        "organisation.mine-2.yml": "not: [readable\n",
    }
    assert current() == mine


def test_blanks_that_were_filled_in_stay_while_the_answers_stay(home):
    firm = INVENTED["business"]
    shown = charter.issue(charter_for(firm), firm)
    path = home / "portfolio" / "charter.md"
    assert "blanks for you to fill in" in shown
    filled = path.read_text().replace("________", "the head of platform")
    path.write_text(filled)
    again = charter.issue(charter_for(firm), firm)
    assert path.read_text() == filled
    assert "stands as it is" in again and "blanks" not in again
    changed = charter.issue({**charter_for(firm), "days": 20}, firm)
    assert "charter.mine.md" in changed and "20 working days" in path.read_text()
    assert path.with_name("charter.mine.md").read_text() == filled


class Statement(papers.Paper):
    """A paper in the form that a standard gives it."""

    NAME = "statement"
    TITLE = "Statement"
    LESSON = "environmentalist/compliance"
    ENDING = ".json"

    context: str = Field(alias="@context")
    version: int
    author: str | None = None


def test_a_json_paper_holds_its_facts_and_nothing_else(home):
    paper = Statement(**{"@context": "https://example.org/ns", "version": 1})
    written = portfolio.write(paper)
    assert json.loads(written.path.read_text()) == {"@context": "https://example.org/ns", "version": 1}
    assert portfolio.read(Statement) == paper and not portfolio.write(paper).changed
    for text, says in (
        ("{", r"statement\.json, line 1: this cannot be read as JSON"),
        ("[]", "expected an object"),
        ('{"version": 1}', "@context: is missing"),
    ):
        written.path.write_text(text)
        with pytest.raises(PaperError, match=says):
            portfolio.read(Statement)
        assert papers.state(Statement, None).word == "failing"


# The organisation


def test_the_invented_ones_cover_every_segment_and_differ():
    assert list(INVENTED) == list(SEGMENTS)
    assert len({one.size for one in INVENTED.values()}) > 2 and len({one.region for one in INVENTED.values()}) > 2
    assert all(one.invented for one in INVENTED.values())


@pytest.mark.parametrize(
    ("people", "size"), [(1, "1-10"), (10, "1-10"), (11, "11-49"), (249, "50-249"), (10_000, "10000+")]
)
def test_size_is_the_band_of_the_survey(people, size):
    assert INVENTED["business"].model_copy(update={"people": people}).size == size


def test_organisation_from_a_form():
    mine = from_answers(MINE)
    assert (mine.name, mine.size, mine.ships, mine.invented) == ("Harbour Library", "11-49", ("app",), False)
    assert from_answers({"start": "education"}) == INVENTED["education"]
    # What was once entered for an own one does not change an invented one.
    assert from_answers({**MINE, "start": "education"}) == INVENTED["education"]
    assert from_answers({"start": "own", "name": "Half"}) is None
    assert from_answers({}) is None and "for whom you work" in issue({})
    assert still_open({"start": "own", **{key: MINE[key] for key in ("name", "segment", "people")}}) == [
        "where it is", "what it ships", "how it uses open source",
    ]  # fmt: skip
    assert from_answers({**MINE, "ships": ["nothing", "app"]}) is None


def test_organisation_is_issued_when_nothing_is_open(home):
    assert "how many people work there" in issue({"start": "own", "name": "Half"})
    assert '"nothing" is ticked beside' in issue({**MINE, "ships": ["nothing", "app"]})
    assert not (home / "portfolio").exists()
    shown = issue(MINE)
    assert "Harbour Library" in shown and "survey band 11-49" in shown and "portfolio/organisation.yml" in shown
    assert current() == from_answers(MINE)


# The charter


def test_rules_of_the_charter_are_sound():
    known = charter.clauses()
    for key, clause in known.items():
        assert clause.why and clause.words.endswith("."), key
        assert clause.required | clause.out_of_place <= set(SEGMENTS), key
        assert not clause.required & clause.out_of_place, key
    for organisation in INVENTED.values():
        assert len(charter.required(organisation)) >= 2
        assert not set(charter.required(organisation)) & set(charter.out_of_place(organisation))
    needs = [frozenset(charter.required(organisation)) for organisation in INVENTED.values()]
    assert len(set(needs)) == len(needs), "two segments with one list: a charter could be copied after all"


def test_what_is_shipped_changes_what_a_charter_needs():
    firm = INVENTED["business"]
    inside = firm.model_copy(update={"ships": ("nothing",)})
    assert set(charter.required(firm)) - set(charter.required(inside)) == {"product-papers", "product-incident"}


def test_a_school_without_research_owes_researchers_nothing():
    school = INVENTED["education"].model_copy(update={"ships": ("nothing",)})
    assert set(charter.required(INVENTED["education"])) - set(charter.required(school)) == {"research-freedom"}


@pytest.mark.parametrize("organisation", INVENTED.values(), ids=INVENTED)
def test_a_charter_holds_for_its_sector_and_for_no_other_without_change(organisation):
    answers = charter_for(organisation)
    assert charter.parts(answers, organisation) == [True] * 4
    others = [one for one in INVENTED.values() if one != organisation]
    assert not any(
        charter.parts(answers, other) == [1] * 4 for other in others if other.segment != "business-education"
    )


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"aim": "ask someone@example.org"}, 3),
        ({"sponsor": None}, 0),
        ({"days": 1}, 3),
        ({"mandate": []}, 3),
    ],
)
def test_each_part_of_a_charter_can_fail_alone(change, at):
    organisation = INVENTED["education"]
    answers = {key: value for key, value in {**charter_for(organisation), **change}.items() if value is not None}
    assert charter.parts(answers, organisation) == [part != at for part in range(4)]


def test_what_is_missing_and_what_has_no_place_cost_by_how_much():
    ministry = INVENTED["government"]
    answers, needed = charter_for(ministry), charter.required(ministry)

    def listed(*clauses):
        return charter.parts({**answers, "clauses": [*clauses]}, ministry)[1:3]

    assert listed(*needed) == listed(*needed, "allowed-without-asking") == [1, True]
    assert listed(*needed[1:]) == [1 - 1 / len(needed), True]
    assert listed(*needed, "named-supplier") == [0.5, False]
    assert listed(*charter.clauses()) == [0, False]
    assert listed() == listed("allowed-without-asking") == [0, False]
    assert charter.parts(answers, None) == [True, 0, 0, True]


def test_charter_is_issued_and_says_how_much_does_not_hold(home):
    firm = INVENTED["business"]
    assert "organisation is still open" in charter.issue(charter_for(firm), None)
    assert "is not complete" in charter.issue({"aim": "x"}, firm)
    assert not (home / "portfolio").exists()
    shown = charter.issue(charter_for(firm), firm)
    assert "Before it is signed" not in shown and "counsel answers them" in shown
    assert (
        "**What it is not:** a gate through which every use of open source must pass; a second legal department."
        in shown
    )
    assert portfolio.read(Charter).complaints(firm) == []
    lacking = charter.issue({**charter_for(firm), "clauses": ["exclusive"], "days": 1}, firm)
    assert "6 things do not hold" in lacking


# The health report


def test_health_report_is_written_from_complete_answers_only(home):
    assert "rule of task 4 is still open" in health_report.issue(REPORT, {})
    assert not (home / "portfolio").exists()
    shown = health_report.issue(REPORT, RULE)
    report = portfolio.read(HealthReport)
    assert report.trigger.model_dump() == {"window": 12, "new_for": 24, "threshold": 25.0, "fewest": 20}
    assert portfolio.render(report) in shown
    assert "Who reviews?" in shown and "review time of our engineers" in shown and "does not ring" in shown
    assert "once in 7 years" in shown


def test_health_report_changes_with_the_organisation(home):
    reports = {}
    for segment, organisation in INVENTED.items():
        portfolio.write(organisation)
        reports[segment] = health_report.issue(REPORT, RULE)
        assert organisation.name in reports[segment]
        assert ("Cyber Resilience Act" in reports[segment]) == organisation.ships_products
    assert "procurement" in reports["government"] and "procurement" not in reports["education"]
    assert "For City library" in health_report.issue({**REPORT, "organisation": "City library"}, RULE)


def test_what_an_incident_means_fits_who_ships():
    said = {
        segment: " ".join(health_report.for_us(one.model_copy(update={"ships": ("app",)})))
        for segment, one in INVENTED.items()
    }
    assert {segment for segment, words in said.items() if "customers" in words} == {"business", "business-education"}
    assert {segment for segment, words in said.items() if "question for counsel" in words} == set(SEGMENTS) - {
        "business"
    }
    assert len({words.split("reaches")[1].split(" as well")[0] for words in said.values()}) == len(SEGMENTS)


@pytest.mark.parametrize(
    ("project", "readings"),
    [
        ("flask", {"few-hands"}),
        ("redis", {"spread"}),
        ("requests", {"few-hands", "head-and-tail"}),
        ("left-pad", {"too-few"}),
    ],
)
def test_readings_that_figures_support(project, readings):
    assert health_report.defensible_readings(health.project_card(project)) == readings


def test_each_part_of_a_report_can_fail_alone():
    assert health_report.parts(REPORT) == [True] * 4
    for change, at in (
        ({"factor-80": 2}, 0),
        ({"reading": "spread"}, 1),
        ({"question": "Tell me."}, 2),
        ({"support": []}, 3),
    ):
        got = health_report.parts({**REPORT, **change})
        assert got == [part != at for part in range(4)], change


# All of them


def test_every_kind_has_its_lesson_its_template_and_a_name_of_its_own():
    stems = {lesson.stem for lesson in course.lessons()}
    for kind in portfolio.kinds():
        assert kind.LESSON in stems
        assert (papers.TEMPLATES / f"{kind.NAME}.md.j2").is_file()
        assert kind.__doc__, "the docstring says what the facts are"
    names = [kind.NAME for kind in portfolio.kinds()]
    assert len(set(names)) == len(names)
    assert sorted(path.name for path in papers.TEMPLATES.iterdir()) == sorted(f"{name}.md.j2" for name in names)


def portfolio_command(home):
    return CliRunner().invoke(cli.app, ["portfolio", "--folder", str(home)], env={"COLUMNS": "120"})


def written() -> dict[str, str]:
    """How each paper that is there stands."""
    return {one.kind.NAME: one.word for one in shelf.states() if one.word != "missing"}


def test_the_list_says_what_is_missing_what_holds_and_what_fails(home):
    assert {one.word for one in shelf.states()} == {"missing"}
    told = portfolio_command(home)
    assert told.exit_code == 0 and "not written yet" in told.output and "OSPO handbook" in told.output

    issue(MINE)
    charter.issue({**charter_for(current()), "clauses": ["counsel-answers", "named-supplier"]}, current())
    health_report.issue(REPORT, RULE)
    told = portfolio_command(home)
    assert "blanks to fill in" in told.output
    assert told.exit_code == 1
    assert "Papers of Harbour Library" in told.output and "(invented)" not in told.output
    assert written() == {"organisation": "sound", "charter": "failing", "health-report": "sound"}
    assert "This has no place in a charter of Harbour Library: Maintenance contracts go to" in told.output


def test_a_broken_paper_fails_alone_and_says_where(home):
    health_report.issue(REPORT, RULE)
    path = home / "portfolio" / "organisation.yml"
    charter.issue(charter_for(INVENTED["government"]), INVENTED["government"])
    for text in ("", yaml.safe_dump({"paper": "organisation", "name": "Half", "segment": "circus"})):
        path.write_text(text) if text else path.unlink(missing_ok=True)
        # Nobody is told what a charter of somebody else would need.
        broken = {"organisation": "failing"} if text else {}
        assert written() == {**broken, "charter": "sound", "health-report": "sound"}
        told = portfolio_command(home)
        assert "run the cell of task 4" in " ".join(told.output.split()) and "Kessel" not in told.output
    assert "organisation.yml, segment: Input should be" in told.output


def test_without_a_copy_there_is_no_portfolio(tmp_path):
    told = portfolio_command(tmp_path)
    assert told.exit_code == 1 and "`make learn` makes one" in told.output
