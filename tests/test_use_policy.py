"""The use policy and the training plan: from complete answers only, and what of them does not hold."""

import copy

import pytest

from ospolab import intake, portfolio
from ospolab.authoring import cases
from ospolab.forms import definition
from ospolab.lessons import board
from ospolab.portfolio import training_plan, use_policy
from ospolab.portfolio.organisation import INVENTED
from ospolab.portfolio.training_plan import TrainingPlan
from ospolab.portfolio.use_policy import UsePolicy

FORMS = cases.ROOT / "exercises" / "source" / "enabler-governance"
EVERY = intake.possible()
RIGHT = [one for one in cases.students("enabler-governance") if one == "reference" or one.startswith("right-")]


def answers(task, student="reference"):
    return copy.deepcopy(cases.case("enabler-governance", student)["answers"][task])


def test_the_form_offers_what_the_papers_know():
    policy = definition.task("policy", FORMS)
    assert [item.value for item in policy.field("order").items] == list(use_policy.CANDIDATES)
    route, reason = policy.field("rules").columns
    assert [one.value for one in route.options] == [*intake.ROUTES, "leave-out"]
    assert [one.value for one in reason.options] == list(intake.REASONS)
    plan = definition.task("training", FORMS).field("groups")
    assert [row.value for row in plan.rows] == list(training_plan.GROUPS)
    assert [one.value for one in plan.columns[0].options] == list(training_plan.TOPICS)
    assert [one.value for one in plan.columns[1].options] == list(training_plan.CHECKS)


def test_a_policy_is_written_from_complete_answers_only(home):
    for missing in ("order", "rules", "owner", "review"):
        given = answers("policy")
        del given[missing]
        assert use_policy.issue(given).startswith("Not written yet"), missing
    assert not (home / "portfolio").exists()
    shown = use_policy.issue(answers("policy"))
    paper = portfolio.read(UsePolicy)
    assert (home / "portfolio" / "use-policy.yml").is_file()
    assert portfolio.render(paper) in shown and "Before it goes out" not in shown
    assert [rule.name for rule in paper.rules][-1] == "anything-else" and len(paper.rules) == 12
    ours = INVENTED["business"].model_copy(update={"name": "City library"})
    assert paper.complaints(ours) == []
    assert any("It is for City library" in said for said in paper.complaints(INVENTED["business"]))


@pytest.mark.parametrize(
    "student", ["reference", "right-plain-loops", "right-bans-network-copyleft", "right-short-policy"]
)
def test_right_policies_hold_on_every_possible_request(student):
    assert use_policy.parts(answers("policy", student), EVERY) == [True] * 6
    rules = use_policy.rules_from(answers("policy", student))
    assert (intake.gaps(rules), intake.dead(rules), intake.clashes(rules)) == ([], [], [])


def test_a_policy_that_sends_all_to_a_person_or_approves_all_earns_nothing():
    for route in intake.ROUTES:
        given = answers("policy")
        given["rules"] = {name: {"route": route, "reason": "own-choice"} for name in given["rules"]}
        assert not any(use_policy.parts(given, EVERY)), route
    assert not any(use_policy.parts({}, EVERY))


def test_caution_costs_less_than_letting_through():
    careful = answers("policy")
    careful["rules"]["personal"] = {"route": "legal", "reason": "personal"}
    assert use_policy.parts(careful, EVERY) == [True, False, False, False, True, True], "a desk that holds for others"
    careful["rules"]["inside"] = {"route": "leave-out"}
    assert sum(use_policy.parts(careful, EVERY)) < 3
    blind = answers("policy")
    blind["rules"]["not-open"] = {"route": "leave-out"}
    assert use_policy.judged(blind, EVERY).defended > 0.9 * len(EVERY)
    assert not any(use_policy.parts(blind, EVERY)), "18 tools that are not open source, approved unread"


def test_a_paper_that_forgets_the_source_is_told(home):
    given = answers("policy")
    given["rules"]["weak-as-is"]["reason"] = "notices"
    assert use_policy.parts(given, EVERY) == [True] * 6
    shown = use_policy.issue(given)
    assert "Before it goes out" in shown and 'Rule "weak-as-is" says: at most notices are owed' in shown


def test_what_is_dead_costs_its_part_and_is_said(home):
    given = answers("policy")
    given["rules"]["any-copyleft"] = {
        "route": "legal",
        "reason": "source",
    }
    parts = use_policy.parts(given, EVERY)
    rules = use_policy.rules_from(given)
    assert parts[4] == ("any-copyleft" not in intake.dead(rules))
    given["order"].remove("weak-changed-out")
    given["order"].append("weak-changed-out")
    assert "weak-changed-out" in " ".join(use_policy.remarks(given, EVERY))
    assert "weak-changed-out" in use_policy.issue(given) and "Before it goes out" in use_policy.issue(given)


def test_a_rule_left_out_or_half_filled_is_not_in_it():
    given = answers("policy")
    given["rules"]["inside"] = {"route": "approve"}
    names = [rule["name"] for rule in use_policy.rules_from(given)]
    assert "inside" not in names and "any-copyleft" not in names


def test_a_policy_with_words_of_its_own_is_complained_about():
    rules = ({"name": "x", "when": {"colour": ["red"]}, "route": "legal", "reason": "unclear"},)
    paper = UsePolicy(organisation="A", written="2026-11-28", owner="office", review_in_months=24, rules=rules)
    assert any("colour" in said for said in paper.complaints(INVENTED["business"]))
    wide = UsePolicy(
        organisation=INVENTED["business"].name,
        written="2026-11-28",
        owner="office",
        review_in_months=24,
        rules=({"name": "x", "when": {"channel": ["inside"]}, "route": "approve", "reason": "notices"},),
    )
    said = " ".join(wide.complaints(INVENTED["business"]))
    assert "no answer for" in said and "somebody should look at" in said and "18 months" in said


def test_a_plan_is_written_from_complete_answers_only(home):
    for missing in ("keeper", "first"):
        given = answers("training")
        del given[missing]
        assert training_plan.issue(given).startswith("Not written yet")
    given = answers("training")
    del given["groups"]["board"]["again"]
    assert training_plan.issue(given).startswith("Not written yet")
    assert not (home / "portfolio").exists()
    shown = training_plan.issue(answers("training"))
    paper = portfolio.read(TrainingPlan)
    assert portfolio.render(paper) in shown and "Before it goes out" not in shown and "## Outside" in shown
    assert paper.complaints(INVENTED["business"]) == []
    alone = paper.model_copy(update={"rows": paper.rows[:1]})
    said = " ".join(alone.complaints(INVENTED["business"]))
    assert "people who decide" in said and "builds and hands out" in said and "nobody outside" in said


@pytest.mark.parametrize(
    "wrong",
    [{"topic": "artefacts"}, {"check": "attendance"}, {"check": "mail"}, {"again": 19}],
)
def test_a_row_of_the_plan_holds_as_a_whole(wrong):
    given = answers("training")
    assert training_plan.row_parts(given) == [True] * 6 and training_plan.remarks(given) == []
    given["groups"]["board"] |= wrong
    assert training_plan.row_parts(given) == [True, False, True, True, True, True]
    assert len(training_plan.remarks(given)) == 1


def test_the_same_answer_everywhere_earns_little():
    given = answers("training")
    for topic in training_plan.TOPICS:
        given["groups"] = {who: {"topic": topic, "check": "quiz", "again": 12} for who in training_plan.GROUPS}
        assert sum(training_plan.row_parts(given)) <= 2


# --------------------------------------------------------------------------------------------------------------- views


def test_the_explorer_answers_every_setting_and_its_conclusion_moves():
    said = set()
    for step in board._STEPS:
        for personal in (True, False):
            for reviewers, asked in ((1, 20), (3, 6), (6, 1)):
                sentence, picture = board._view(step, personal, reviewers, asked)
                assert step in picture.alt
                said.add(sentence.rsplit("<b>", 1)[1])
    assert len(said) == 4, "each of the four conclusions can be reached"
    start = board.explorer()
    before = start.sentence.value if hasattr(start.sentence, "value") else str(start._start_sentence)
    assert "blind" in before and "Safe, and quick" in board._view("permissive licences", True, 3, 6)[0]


def test_figures_say_what_they_show():
    assert "17 days" in board.opening().alt and "626 days" in board.opening().alt
    assert "below one day" in board.wait_curve().alt
    table = board.proposals().astype(float)
    assert table.index[0] == "as it is" and table["wait, days"].iloc[1] <= 1 < table["wait, days"].iloc[0]
    assert table["let through, %"].iloc[2] == 0 < table["let through, %"].iloc[3]
    assert board.decided_by().to_dict() == {"rule": 269, "board": 126}
    text = board.wrapped(table).data
    assert "dataframe" not in text and "as it is" in text and "as it is" not in board.wrapped(table, index=False).data


def test_who_handles_personal_data_is_not_in_the_queue_of_the_board():
    assert "a day go to security" in board._view("nothing", True, 4, 6)[0]
    assert "security" not in board._view("nothing", False, 4, 6)[0]
    assert "Nobody asks the board" in board._view("everything", True, 1, 20)[0]


def test_trying_a_policy_tells_how_it_does():
    assert "Put the rules into an order" in board.try_policy({})
    good = board.try_policy(answers("policy"))
    assert "Every rule is reached" in good and "228 of 228" in good and "nothing yet" not in good
    half = answers("policy")
    del half["rules"]["inside"]["reason"]
    assert "for want of a reason: inside." in board.try_policy(half)
    wrong = board.try_policy(answers("policy", "wrong-licence-is-the-answer"))
    assert "Let through: 44 of 228" in wrong and "earns nothing yet" in wrong
