"""Expressions, verdicts of others, and the course's own reading, with each fact that turns a verdict."""

import subprocess

import pytest
import yaml
from bs4 import BeautifulSoup

from ospolab import compatibility, course
from ospolab.compatibility import CHANNELS, LINKS, OUTBOUND, WORDS, Part, judge
from ospolab.data import load
from ospolab.lessons import labels

GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"


def word(licence, link, outbound, channel, changed=False):
    return judge(Part("part", licence, link, changed), outbound, channel).word


# Expressions: precedence as in the annex of the SPDX specification, + before WITH before AND before OR


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", [("MIT",)]),
        ("MIT OR GPL-2.0-only AND Zlib", [("MIT",), ("GPL-2.0-only", "Zlib")]),
        ("(MIT OR GPL-2.0-only) AND Zlib", [("MIT", "Zlib"), ("GPL-2.0-only", "Zlib")]),
        (f"{GCC} AND MIT", [(GCC, "MIT")]),
        ("GPL-3.0", [("GPL-3.0-only",)]),
        ("GPL-2.0+ WITH Classpath-exception-2.0", [("GPL-2.0-or-later WITH Classpath-exception-2.0",)]),
    ],
)
def test_ways_to_take_an_expression(expression, expected):
    assert compatibility.ways(expression) == expected


@pytest.mark.parametrize("text", ["Apache 2.0", "BSD", "MIT/Apache-2.0", "MIT, Zlib", "", "GPLv3+"])
def test_what_is_no_expression_is_said(text):
    with pytest.raises(ValueError, match="SPDX expression"):
        compatibility.ways(text)


def test_a_policy_is_asked_way_by_way():
    assert compatibility.satisfied("MIT OR GPL-2.0-only AND Zlib", ["MIT"])
    assert not compatibility.satisfied("MIT OR GPL-2.0-only AND Zlib", ["Zlib"])
    assert not compatibility.satisfied(GCC, ["GPL-3.0-or-later"])


def test_what_a_label_is_silent_about():
    assert compatibility.silent("BSD-3-Clause AND MIT", ["MIT", GCC, "", "0BSD"]) == [GCC, "", "0BSD"]
    assert compatibility.silent("MIT", ["IJG AND MIT"]) == ["IJG AND MIT"]


# The matrix and the knowledge bases


@pytest.mark.parametrize(
    ("outbound", "inbound", "said"),
    [
        ("GPL-2.0-only", "Apache-2.0", "no"),
        ("GPL-2.0-or-later", "Apache-2.0", "no"),
        ("GPL-3.0-only", "Apache-2.0", "yes"),
        ("Apache-2.0", "GPL-3.0-only", "no"),
        ("Apache-2.0", "MPL-2.0", "no"),
        ("GPL-3.0-only", "AGPL-3.0-only", "depends"),
        ("MIT", "MIT", "yes"),
        ("MIT", "X-unknown", ""),
    ],
)
def test_the_matrix_has_a_direction(outbound, inbound, said):
    assert compatibility.matrix(outbound, inbound) == said


def test_the_frozen_verdicts_are_those_that_the_lesson_tells_of():
    table = load("licence_verdicts")
    assert table.groupby(["outbound", "inbound"]).ngroups == 19 * 18
    assert compatibility.disagreement(table) == (127, 341)
    assert labels.split()["contradicted"].tolist() == [127, 90, 49, 119]
    assert labels.only_between() == 17
    told = compatibility.verdicts_of("Apache-2.0", "MPL-2.0")["verdict"].to_dict()
    assert told.pop("osadl") == "no" and set(told.values()) == {"yes"}
    assert compatibility.verdicts_of("GPL-3.0-only", "Apache-2.0").query("verdict == 'no'").index.tolist() == [
        "hermione"
    ]


def test_osadl_in_the_frozen_table_is_silent_about_linking():
    assert set(load("licence_verdicts").query("base == 'osadl'")["use_case"]) == {"snippet"}


def test_the_command_is_asked_as_a_program_of_its_own():
    assert compatibility.ask("Apache-2.0", "MPL-2.0") == {
        "osadl": 'Use case "library" not supported',
        "reclicense": "yes",
    }


def test_an_answer_that_is_none_is_said(monkeypatch):
    monkeypatch.setattr(compatibility.sys, "executable", "/bin/sh")
    monkeypatch.setattr(compatibility.Path, "with_name", lambda self, name: "/bin/echo")
    with pytest.raises(RuntimeError, match="no answer"):
        compatibility.ask("MIT", "ISC")


# The course's reading


@pytest.mark.parametrize("channel", ["inside", "service"])
@pytest.mark.parametrize("licence", ["GPL-2.0-only", "GPL-3.0-or-later", "LGPL-2.1-only", "MPL-2.0", "MIT"])
def test_without_a_copy_nothing_is_owed(licence, channel):
    assert word(licence, "copied", "closed", channel, changed=True) == "free"


def test_agpl_asks_for_both_conditions():
    """Section 13: modified, and users who interact remotely."""
    assert word("AGPL-3.0-only", "separate", "closed", "service") == "free"
    assert word("AGPL-3.0-only", "separate", "closed", "service", changed=True) == "source"
    assert word("AGPL-3.0-only", "separate", "closed", "inside") == "free"
    assert word("AGPL-3.0-only", "separate", "closed", "inside", changed=True) == "ask"
    assert word("AGPL-3.0-only", "dynamic", "closed", "service") == "conflict"
    assert word("AGPL-3.0-only", "dynamic", "AGPL-3.0-only", "service") == "source"


@pytest.mark.parametrize(
    ("licence", "link", "outbound", "expected"),
    [
        ("MIT", "copied", "closed", "notices"),
        ("Apache-2.0", "dynamic", "GPL-2.0-only", "conflict"),
        ("Apache-2.0", "separate", "GPL-2.0-only", "notices"),
        ("Apache-2.0", "dynamic", "GPL-3.0-only", "notices"),
        ("CC0-1.0", "copied", "Apache-2.0", "notices"),
        ("GPL-2.0-only", "separate", "closed", "source"),
        ("GPL-2.0-only", "dynamic", "closed", "conflict"),
        ("GPL-2.0-or-later", "dynamic", "GPL-3.0-only", "source"),
        ("MPL-2.0", "dynamic", "closed", "source"),
        ("MPL-2.0", "copied", "Apache-2.0", "conflict"),
        ("MPL-2.0", "dynamic", "GPL-2.0-only", "source"),
        ("LGPL-2.1-only", "static", "closed", "source"),
        ("LGPL-3.0-only", "dynamic", "GPL-2.0-only", "conflict"),
        ("AGPL-3.0-only", "dynamic", "GPL-3.0-only", "source"),
        ("AGPL-3.0-only", "copied", "GPL-3.0-only", "conflict"),
        (GCC, "dynamic", "closed", "source"),
        (GCC, "copied", "closed", "conflict"),
        ("Apache-2.0 OR GPL-2.0-or-later", "dynamic", "GPL-2.0-or-later", "source"),
        ("MIT AND GPL-2.0-only", "dynamic", "closed", "conflict"),
        ("BUSL-1.1", "dynamic", "closed", "ask"),
        ("EUPL-1.2", "dynamic", "closed", "ask"),
    ],
)
def test_copies_that_go_out(licence, link, outbound, expected):
    assert word(licence, link, outbound, "copies") == expected


def test_a_static_link_says_what_users_get_to_relink():
    assert "relink" in judge(Part("x", "LGPL-2.1-only", "static"), "closed", "copies").why
    assert "relink" not in judge(Part("x", "LGPL-2.1-only", "dynamic"), "closed", "copies").why


def test_a_locked_device_refuses_version_three_only():
    assert word("LGPL-3.0-only", "dynamic", "closed", "device") == "conflict"
    assert word("GPL-3.0-only", "separate", "closed", "device") == "conflict"
    assert word("LGPL-2.1-only", "dynamic", "closed", "device") == "source"
    assert word("GPL-2.0-only", "separate", "closed", "device") == "source"
    assert word(GCC, "dynamic", "closed", "device") == "ask"
    assert word("GPL-2.0-or-later", "dynamic", "GPL-3.0-only", "device") == "conflict"
    assert word("MPL-2.0", "dynamic", "GPL-3.0-only", "device") == "source"


def test_the_way_taken_is_told():
    assert judge(Part("dulwich", "Apache-2.0 OR GPL-2.0-or-later", "dynamic"), "Apache-2.0", "copies").taken == (
        "Apache-2.0",
    )


def test_unknown_facts_are_no_verdict():
    for part, outbound, channel in (
        (Part("x", "MIT", "glued"), "closed", "copies"),
        (Part("x", "MIT", "copied"), "WTFPL", "copies"),
        (Part("x", "MIT", "copied"), "closed", "pigeon"),
    ):
        with pytest.raises(KeyError):
            judge(part, outbound, channel)


# Ways out


def test_fixes_are_the_smallest():
    gpl, agpl = Part("u", "GPL-2.0-or-later", "dynamic"), Part("m", "AGPL-3.0-only", "dynamic")
    assert compatibility.fixes([gpl], "GPL-3.0-only", "copies") == [()]
    assert ("pass on under GPL-3.0-only",) in compatibility.fixes([gpl, agpl], "closed", "copies")
    assert set(compatibility.fixes([gpl, agpl], "closed", "copies", keep=True)) == {
        (f"{a} u{b}", f"{c} m{d}")
        for a, b in (("run", " as a program of its own"), ("replace", ""))
        for c, d in (("run", " as a program of its own"), ("replace", ""))
    }
    assert compatibility.fixes([gpl, agpl], "closed", "copies", most=1, keep=True) == []
    assert ("unlock the device",) in compatibility.fixes(
        [Part("p", "LGPL-3.0-only", "dynamic")], "closed", "device", keep=True
    )


def test_each_fix_leaves_no_conflict():
    parts = labels.product()
    for outbound in ("Apache-2.0", "GPL-2.0-only"):
        for names in compatibility.fixes(parts, outbound, "copies"):
            new = next((name.removeprefix("pass on under ") for name in names if name.startswith("pass")), outbound)
            gone = {name.removeprefix("replace ") for name in names}
            apart = {name.split()[1] for name in names if name.startswith("run ")}
            for part in parts:
                link = "separate" if part.name in apart else part.link
                assert part.name in gone or word(part.licence, link, new, "copies") != "conflict", (names, part)


# The views


def test_the_explorer_answers_every_setting_and_turns_with_each_control():
    views = {
        (outbound, channel, where): labels._drawn(outbound, channel, where)[0]
        for outbound in ("closed", "Apache-2.0", "GPL-2.0-only", "GPL-3.0-only")
        for channel in CHANNELS
        for where in ("separate", "dynamic")
    }
    start = views["Apache-2.0", "copies", "dynamic"]
    assert "2 in conflict: Unidecode, PyMuPDF" in start and "With the licence kept" in start
    assert "1 in conflict: PyMuPDF" in views["Apache-2.0", "service", "dynamic"]
    assert "No conflict" in views["GPL-3.0-only", "copies", "dynamic"]
    assert "requests" in views["GPL-2.0-only", "copies", "dynamic"]
    assert "psycopg" in views["closed", "device", "separate"]
    assert "No conflict" in views["closed", "copies", "separate"]
    assert set(OUTBOUND) > {"closed"} and set(LINKS) > {"separate"} and list(WORDS)[-1] == "conflict"


def test_the_opening_counts_what_the_table_holds():
    inside = labels.read()
    assert len(inside) == 36
    assert inside.groupby("label").size().to_dict() == {"silent": 22, "unknown": 14}
    assert "psycopg-binary: 13 no licence id anywhere" in labels.opening().alt


def test_the_exercise_shows_each_kind_of_finding():
    shown = labels.bundled_list().data
    assert shown.count("\n- ") == 6 and "label: `LGPL-3.0-only`" in shown
    assert (
        "`libimagequant`: **no file of it is in the wheel**; licence named in: own list, as `GPL-3.0-or-later`."
        in shown
    )
    assert "- `libssl`: no word on its licence in the wheel." in shown


def test_without_the_command_the_stored_answer_is_shown(monkeypatch, capsys):
    now = labels.asked_now()
    for error in (FileNotFoundError("licomp-toolkit"), subprocess.TimeoutExpired("licomp-toolkit", 20)):

        def missing(*_, error=error, **__):
            raise error

        monkeypatch.setattr(compatibility.subprocess, "run", missing)
        assert labels.asked_now() == now
        assert type(error).__name__ in capsys.readouterr().out


def test_a_self_assessment_counts_materials_and_names_what_is_open():
    sections = load("openchain_5230").section.unique()
    answered = {section: {"have": "all"} for section in sections}
    assert "**25 of 25 materials**" in labels.self_assessed(answered).data
    told = labels.self_assessed({**answered, "policy": {"have": "piece"}, "resources": {"have": "none"}}).data
    assert "**18 of 25 materials**" in told
    assert told.index("- resources (5): nothing") < told.index("- policy (2): a piece")
    assert "12 of 13 sections are still open" in labels.self_assessed({"policy": {"have": "all"}}).data


def test_the_form_asks_for_every_section_of_the_standard():
    forms = yaml.safe_load((course.root() / "exercises/source/counselor-compliance/forms.yml").read_text("utf-8"))
    rows = [row["value"] for row in forms["conformance"]["fields"][0]["rows"]]
    assert rows == list(load("openchain_5230").section.unique())


def test_tables_that_a_narrow_page_can_break():
    assert cells(labels.by_wheel())[2] == ["psycopg-binary", "0", "0", "13"]
    assert cells(labels.table())[0] == ["1", "GPL-2.0-only", "Apache-2.0", "no"]
    asked = cells(labels.self_check())
    assert sum(int(number) for _, number, _ in asked) == 25
    assert [section for section, _, paper in asked if not paper] == ["access", "resources", "conformance", "duration"]


def cells(table):
    return [[cell.get_text() for cell in row("td")] for row in BeautifulSoup(table.data, "html.parser").tbody("tr")]


def test_what_was_done_changes_what_is_left():
    assert labels.left("Apache-2.0", {})["Unidecode"] == "conflict"
    done = labels.left("Apache-2.0", {"Unidecode": "apart", "PyMuPDF": "buy"})
    assert done["Unidecode"] == "source" and "PyMuPDF" not in done
