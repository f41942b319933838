"""Requests, rules, what is proved about them, and gaps in a table of responsibilities."""

import inspect

import nbformat
import pytest

from ospolab import course, intake, raci
from ospolab.lessons import board


def rule(name, to, reason="own-choice", **when):
    return {"name": name, "when": {f: v.split() for f, v in when.items()}, "route": to, "reason": reason}


def request(licence="permissive", use="component", modified="as-is", channel="inside", data="none"):
    return dict(licence=licence, use=use, modified=modified, channel=channel, data=data)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("MIT", "permissive"),
        ("BSL-1.0", "permissive"),
        ("BUSL-1.1", "not-open"),
        ("SSPL-1.0", "not-open"),
        ("CC-BY-NC-4.0", "not-open"),
        ("MPL-2.0", "weak-copyleft"),
        ("LGPL-2.1-or-later", "weak-copyleft"),
        ("GPL-2.0+", "copyleft"),
        ("GPL-3.0", "copyleft"),
        ("AGPL-3.0-only", "network-copyleft"),
        ("AGPL-3.0", "network-copyleft"),
        ("EUPL-1.2", "unclear"),
        ("BSD", "unclear"),
        ("BSL 1.1", "unclear"),
        ("MIT/Apache-2.0", "unclear"),
        ("MIT AND LicenseRef-of-somebody", "unclear"),
        ("GPL-2.0-only OR MIT", "permissive"),
        ("GPL-2.0-only AND MIT", "copyleft"),
        ("GPL-2.0-only AND MIT OR Apache-2.0", "permissive"),
        ("GPL-2.0-only AND (MIT OR Apache-2.0)", "copyleft"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "copyleft"),
        ("", "unclear"),
        (float("nan"), "unclear"),
        (None, "unclear"),
    ],
)
def test_a_label_is_sorted(label, expected):
    assert intake.category(label) == expected


def test_the_first_rule_that_fits_decides():
    rules = [rule("a", "legal", licence="copyleft", channel="inside network"), rule("b", "approve", channel="inside")]
    assert intake.route(request("copyleft"), rules)["name"] == "a"
    assert intake.route(request("permissive"), rules)["name"] == "b"
    assert intake.route(request("permissive", channel="network"), rules) is None


def test_the_engine_of_the_lesson_is_the_one_that_is_used():
    notebook = nbformat.read(course.root() / "notebooks/enabler/governance.ipynb", as_version=4)
    shown = next(cell.source for cell in notebook.cells if cell.id == "engine")
    place = {}
    exec(shown, place)
    for text in (board.LICENCE_ONLY, board.BY_USE):
        rules = board.rules(text)
        assert all(place["route"](one, rules) is intake.route(one, rules) for one in intake.possible())
    assert "for rule in rules" in inspect.getsource(intake.route)


def test_all_requests_are_possible_once():
    every = intake.possible()
    assert len(every) == len({tuple(one.values()) for one in every}) == 228
    assert all(one["channel"] == "inside" for one in every if one["use"] == "build-tool")
    assert all(intake.defensible(one) for one in every)


def test_gaps_dead_rules_and_contradictions_are_found():
    wide, narrow = (
        rule("wide", "approve", channel="inside"),
        rule("narrow", "legal", licence="copyleft", channel="inside"),
    )
    same, net = rule("same", "approve", channel="inside", data="none"), rule("net", "legal")
    assert len(intake.gaps([wide])) == sum(one["channel"] != "inside" for one in intake.possible())
    assert intake.gaps([wide, net]) == []
    assert intake.dead([wide, narrow, same, net]) == ["narrow", "same"]
    assert intake.clashes([wide, narrow, same, net]) == [("wide", "narrow")], (
        "the same answer twice is no contradiction"
    )
    assert intake.dead([narrow, wide, net]) == []
    full = [rule(f"l-{name}", "legal", licence=name) for name in intake.CATEGORIES]
    assert intake.dead([*full, net]) == [], "a net below rules that catch all is no dead rule"
    assert intake.dead([*full, rule("late", "legal", use="service")]) == ["late"]


def test_words_that_no_request_has_are_named():
    wrong = [rule("a", "aprove", licence="permissive"), rule("a", "legal", colour="red", channel="post")]
    said = " ".join(intake.faults(wrong))
    for word in ('"a" stands twice', "aprove", "colour", "post"):
        assert word in said
    assert intake.faults(board.rules(board.BY_USE)) == []


@pytest.mark.parametrize(
    ("one", "yes", "no"),
    [
        (request("copyleft", "build-tool"), {"approve"}, {"legal", "reject"}),
        (request("network-copyleft", "service", "as-is", "network"), {"approve", "legal", "reject"}, {"security"}),
        (request("network-copyleft", "service", "changed", "network"), {"legal", "reject"}, {"approve"}),
        (request("network-copyleft", "component", "as-is", "network"), {"legal", "reject"}, {"approve"}),
        (request("weak-copyleft", channel="handed-out"), {"approve", "legal"}, {"reject"}),
        (request("weak-copyleft", modified="changed", channel="handed-out"), {"legal"}, {"approve"}),
        (request("weak-copyleft", modified="changed", channel="network"), {"approve"}, {"reject"}),
        (request("copyleft", "service", channel="handed-out"), {"legal"}, {"approve", "reject"}),
        (request("not-open", "build-tool"), {"legal", "reject"}, {"approve"}),
        (request("unclear"), {"legal", "reject"}, {"approve"}),
        (request(data="personal"), {"security"}, {"approve", "reject"}),
        (request("copyleft", channel="handed-out", data="personal"), {"security", "legal"}, {"approve"}),
    ],
)
def test_what_can_be_defended(one, yes, no):
    assert all(intake.holds(one, way) for way in yes)
    assert not any(intake.holds(one, way) for way in no)


def test_a_ban_is_defended_as_a_choice_and_not_as_the_licence():
    one = request("network-copyleft", "service", "as-is", "network")
    assert intake.holds(one, "reject", "own-choice") and not intake.holds(one, "reject", "network")
    assert intake.holds(one, "approve", "unchanged") and not intake.holds(one, "approve", "not-handed-out")
    assert not intake.holds(one, None)


def test_the_stream_is_the_same_each_time_and_a_copy():
    first = intake.requests()
    first["licence"] = "unclear"
    second = intake.requests()
    assert second["licence"].value_counts()["permissive"] == 318 and len(second) == 395
    assert {tuple(r) for r in second[list(intake.FIELDS)].to_numpy()} <= {tuple(o.values()) for o in intake.possible()}


def test_outcomes_count_what_is_let_through_and_held_up():
    nothing = intake.outcome([rule("all", "legal")])
    assert (nothing["automatic"], nothing["let through"]) == (0, 0) and nothing["held up"] > 70
    everything = intake.outcome([rule("all", "approve")])
    assert everything["automatic"] == 100 and everything["let through"] > 10 and everything["held up"] == 0
    assert intake.outcome(board.rules(board.BY_USE))["let through"] == 0
    assert intake.outcome(board.rules(board.LICENCE_ONLY))["let through"] > 8


def test_gaps_in_responsibilities_are_found():
    assert raci.faults(board.RACI) == {
        "decide the hard ones": ["two-accountable"],
        "keep the record": ["none-accountable"],
        "change the policy": ["nobody-does"],
    }
    assert raci.faults({"x": {"a": "", "b": "I"}}) == {"x": ["none-accountable", "nobody-does"]}
    assert raci.faults({"x": {"a": "RA"}}) == {} and raci.owner({"a": "RA", "b": "R"}) == "a"
    assert raci.owner({"a": "A", "b": "A"}) is None
    with pytest.raises(ValueError, match="Q"):
        raci.faults({"x": {"a": "Q"}})
