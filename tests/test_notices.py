"""What has to travel, by licence and channel; the ways to source and their terms; the check of a bundle."""

import json
from dataclasses import replace
from datetime import date
from importlib import metadata

import pytest

from ospolab import bundle, compatibility, notices
from ospolab.bundle import Origin, Terms
from ospolab.data import load
from ospolab.lessons import shipping
from ospolab.notices import CHANNELS, Shipped, check, offer_ends, owed, source_ways
from ospolab.portfolio.papers import BLANK


def papers(licence, channel, **facts):
    return [duty.paper for duty in owed(Shipped("part", "1", licence, **facts), channel)]


# What the texts say, as read in them: the sections stand in obligations.yml.


@pytest.mark.parametrize(
    ("licence", "channel", "facts", "expected"),
    [
        ("MIT", "download", {}, ["notice", "text"]),
        ("MIT", "browser", {}, ["notice", "text"]),
        ("MIT", "saas", {"changed": True}, []),
        ("Zlib", "download", {"changed": True}, []),
        ("Zlib", "forge", {}, ["notice"]),
        ("Zlib", "forge", {"changed": True}, ["notice", "changes"]),
        ("BSL-1.0", "app", {}, []),
        ("BSL-1.0", "forge", {}, ["notice", "text"]),
        ("Apache-2.0", "app", {}, ["text"]),
        ("Apache-2.0", "app", {"notice_file": True, "changed": True}, ["text", "attribution", "changes"]),
        ("MPL-2.0", "download", {}, ["text", "source"]),
        ("LGPL-2.1-only", "download", {"static": True}, ["notice", "text", "source", "relink"]),
        ("LGPL-3.0-only", "firmware", {}, ["notice", "text", "source", "install"]),
        ("GPL-2.0-only", "firmware", {}, ["notice", "text", "source"]),
        ("GPL-3.0-only", "firmware", {}, ["notice", "text", "source", "install"]),
        ("GPL-3.0-only", "forge", {}, ["notice", "text"]),
        ("AGPL-3.0-only", "saas", {}, []),
        ("AGPL-3.0-only", "saas", {"changed": True}, []),
        ("AGPL-3.0-only", "saas", {"changed": True, "remote": True}, ["users"]),
        ("AGPL-3.0-only", "saas", {"remote": True}, []),
        ("AGPL-3.0-only", "inside", {"changed": True, "remote": True}, []),
        (
            "AGPL-3.0-only",
            "container",
            {"changed": True, "remote": True},
            ["notice", "text", "changes", "source", "users"],
        ),
        ("GPL-3.0-only", "saas", {"changed": True}, []),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", "container", {}, ["notice", "text", "source"]),
    ],
)
def test_what_travels_follows_licence_channel_and_facts(licence, channel, facts, expected):
    assert papers(licence, channel, **facts) == expected


def test_or_is_a_choice_and_and_a_sum():
    assert papers("GPL-3.0-only OR MIT", "download") == ["notice", "text"]
    assert papers("MIT AND MPL-2.0", "download") == ["notice", "text", "source"]
    text = owed(Shipped("part", "1", "MIT AND LGPL-3.0-only"), "download")[1]
    assert notices.texts_of(text.licence) == ["MIT", "LGPL-3.0-only", "GPL-3.0-only"]


def test_a_part_goes_only_where_it_goes():
    part = Shipped("shell", "1", "GPL-2.0-only", channels=frozenset({"container"}))
    assert owed(part, "container") and not owed(part, "download")


def test_a_licence_that_nobody_has_read_is_no_licence_that_asks_for_nothing():
    with pytest.raises(ValueError, match="read it first"):
        owed(Shipped("part", "1", "EUPL-1.2"), "download")


def test_every_line_names_a_known_paper_and_event_and_every_id_is_spdx():
    for licence in notices._licences():
        assert compatibility.ways(licence) == [(licence,)]
        for row in notices.rows(licence):
            assert set(row) == {"paper", "when", "section", "says"} and row["paper"] in notices.PAPERS
            for channel in CHANNELS.values():
                notices._happens(row["when"], Shipped("part", "1", licence), channel)


def test_source_is_given_in_the_ways_that_the_texts_allow():
    assert set(source_ways("GPL-2.0-only", "download")) == {"with", "beside", "elsewhere", "offer"}
    assert set(source_ways("GPL-3.0-only", "download")) == {"with", "beside", "elsewhere"}
    assert source_ways("GPL-3.0-only", "download")["with"] == "6(d)", "along with a download: from the same place"
    assert source_ways("GPL-3.0-only", "firmware")["with"] == "6(a)"
    assert set(source_ways("GPL-3.0-only", "firmware")) == {"with", "offer"}
    assert set(source_ways("LGPL-2.1-only", "download")) == {"with", "beside", "elsewhere", "offer"}
    assert set(source_ways("GPL-2.0-only AND GPL-3.0-only", "download")) == {"with", "beside", "elsewhere"}
    assert "FSF" in source_ways("GPL-2.0-only", "app")["elsewhere"], "a reading is named as one"
    assert source_ways("MIT", "download") == source_ways("GPL-3.0-only", "saas") == {}


def test_an_offer_is_counted_from_the_last_copy():
    sold, support = date(2030, 12, 31), date(2036, 6, 30)
    assert offer_ends("GPL-2.0-only", "firmware", sold, support) == date(2033, 12, 31)
    assert offer_ends("GPL-3.0-only", "firmware", sold, support) == support
    assert offer_ends("GPL-3.0-only", "firmware", sold, date(2031, 1, 1)) == date(2033, 12, 31)
    assert offer_ends("GPL-3.0-only", "download", sold, support) is None
    assert offer_ends("GPL-2.0-only AND GPL-3.0-only", "firmware", sold, support) == support
    assert offer_ends("MPL-2.0", "firmware", sold, support) is None
    assert offer_ends("GPL-2.0-only", "app", date(2028, 2, 29)) == date(2031, 3, 1)


# The check


PARTS = (Shipped("attrs", "26.1.0", "MIT"), Shipped("zlib", "1.3.1", "Zlib"),
         Shipped("shell", "1", "GPL-2.0-only", channels=frozenset({"container"})))  # fmt: skip
GOOD = [{"part": "attrs", "version": "26.1.0", "paper": paper, "file": "a.txt"} for paper in ("notice", "text")]


@pytest.mark.parametrize(
    ("entries", "kinds"),
    [
        (GOOD, []),
        (GOOD[:1], ["missing"]),
        ([*GOOD, GOOD[0]], ["doubled"]),
        ([*GOOD, {"part": "shell", "version": "1", "paper": "source", "file": "s.txt"}], ["superfluous"]),
        ([*GOOD, {"part": "zlib", "version": "1.3.1", "paper": "notice", "file": "z.txt"}], ["superfluous"]),
        ([GOOD[0], GOOD[1] | {"version": "25.4.0"}], ["version"]),
        ([entry | {"version": "25.4.0"} for entry in GOOD], ["version"]),
    ],
)
def test_each_thing_is_there_once_and_nothing_else(entries, kinds):
    assert [one.kind for one in check(PARTS, "download", entries)] == kinds


def test_the_files_are_those_of_the_manifest():
    sums = {"a.txt": notices.digest("text")}
    assert check(PARTS, "download", GOOD, sums, {"a.txt": b"text"}) == []
    assert [one.kind for one in check(PARTS, "download", GOOD, sums, {"a.txt": b"other"})] == ["hash"]
    assert [one.kind for one in check(PARTS, "download", GOOD, sums, {})] == ["file"]
    assert [one.kind for one in check(PARTS, "download", GOOD, {})] == ["file"]
    there = {"a.txt": b"text", "stray.txt": b""}
    assert [one.kind for one in check(PARTS, "download", GOOD, sums, there)] == ["superfluous"]
    assert [one.kind for one in check(PARTS, "download", GOOD, sums | {"b.txt": "0"})] == ["superfluous"]


def test_missing_and_doubled_keep_the_order_of_what_is_asked():
    asked, there = [("b", "text"), ("a", "text"), ("c", "text")], [("c", "text")] * 3 + [("x", "text")] * 2
    assert notices.missing_and_doubled(asked, there) == ([("b", "text"), ("a", "text")], [("c", "text")])


# What the packages carry


def test_one_text_stands_under_many_notices():
    counts = notices.same_texts("MIT")
    assert counts == {"packages": 70, "files": 72, "same": 60, "of": 59, "notices": 50, "without": 2}
    with pytest.raises(ValueError, match="Nonsense"):
        notices.same_texts("Nonsense")


def test_the_products_parts_are_those_of_the_environment():
    versions = load("course_packages").set_index("package").version
    for part in shipping.PARTS:
        if part.name in versions:
            assert versions[part.name] == part.version


# Making one


@pytest.mark.parametrize("channel", ["download", "container", "firmware", "handover"])
def test_a_bundle_that_is_made_holds(channel, tmp_path):
    made = bundle.made(shipping.PRODUCT, shipping.PARTS, channel, shipping.ORIGINS, shipping.TERMS)
    bundle.save(made, tmp_path)
    there = bundle.lying_in(tmp_path)
    assert check(shipping.PARTS, channel, made.entries, made.sums(), there) == []
    assert json.loads((tmp_path / bundle.MANIFEST).read_text())["files"] == made.sums()
    assert ("INSTALL.txt" in there) == (channel == "firmware")


def test_the_lgpl_brings_two_texts_and_requests_its_notice_file():
    made = bundle.made(shipping.PRODUCT, shipping.PARTS, "download", shipping.ORIGINS, shipping.TERMS)
    text = made.files["licences/cvss-3.6.txt"]
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text and "TERMS AND CONDITIONS" in text
    assert bundle.carried("requests")["licenses/NOTICE"].strip() in made.files["NOTICE.txt"]
    assert "This library is used here" in made.files["NOTICE.txt"]
    assert "cvss 3.6, LGPL-3.0-or-later, section 4(d)(0), GPL-3.0 6(d)" in made.files["SOURCE.txt"]


def test_each_text_is_there_once_and_is_the_text():
    files = bundle.made(shipping.PRODUCT, shipping.PARTS, "download", shipping.ORIGINS, shipping.TERMS).files
    assert "3.2. Distribution of Executable Form" not in bundle.carried("certifi")["licenses/LICENSE"]
    for name in ("certifi-2026.10.18", "libzmq-4.3.5"):
        assert files[f"licences/{name}.txt"].count("3.2. Distribution of Executable Form") == 1
    assert files["licences/pyzmq-27.3.0.txt"].count("TERMS AND CONDITIONS FOR USE") == 1
    assert files["licences/cvss-3.6.txt"].count("6. Conveying Non-Source Forms") == 1


def test_a_written_offer_says_who_gives_what_to_whom():
    terms = Terms("offer", "on request", "2036-12-31", "the office", "Kessel Controls")
    text = " ".join(bundle.made("x", shipping.PARTS, "firmware", shipping.ORIGINS, terms).files["SOURCE.txt"].split())
    assert text.startswith("Kessel Controls offers to give anyone who asks") and "valid until 2036-12-31" in text
    assert "in exactly these versions" in text and f"the office; {BLANK} (address)" in text


def test_texts_of_another_version_are_refused():
    parts = [replace(shipping.part("idna"), version="1.0")]
    with pytest.raises(ValueError, match="goes out"):
        bundle.made("x", parts, "download", shipping.ORIGINS, shipping.TERMS)


def test_saving_again_removes_what_is_not_in_it_and_nothing_else(tmp_path):
    terms = Terms("offer", "", "2036-12-31", "us")
    bundle.save(bundle.made("x", shipping.PARTS, "firmware", shipping.ORIGINS, terms), tmp_path)
    (tmp_path / "own.txt").write_text("mine")
    bundle.save(bundle.made("x", shipping.PARTS, "download", shipping.ORIGINS, shipping.TERMS), tmp_path)
    assert "INSTALL.txt" not in bundle.lying_in(tmp_path) and "own.txt" in bundle.lying_in(tmp_path)


def test_what_is_not_there_is_said():
    with pytest.raises(FileNotFoundError, match=r"nothing\.txt"):
        bundle.carried("attrs", ["nothing.txt"])
    with pytest.raises(metadata.PackageNotFoundError):
        bundle.carried("no-such-package-here")
    for bad in ("Nonsense-1.0", "../../secret"):
        with pytest.raises(FileNotFoundError):
            bundle.licence_text(bad)
    assert Origin("x").files == Origin("x").lacks == ()


# The views


def test_the_explorer_answers_every_setting():
    seen = {shipping._concluded(channel, added) for channel in CHANNELS for added in shipping.ADDED}
    assert all(sentence.startswith("<b>") for sentence in seen) and len(seen) > 40
    assert "program: its copyright notice" in shipping._drawn("download", "gpl3")[1].alt
    assert "not among the ways" in shipping._concluded("download", "gpl3")
    assert "may not go out" in shipping._concluded("firmware", "gpl3")
    assert "changes nothing" in shipping._concluded("saas", "agpl")
    assert "remotely" in shipping._concluded("saas", "agpl-changed")
    assert "remotely" in shipping._concluded("container", "agpl-changed")


def test_reuse_is_green_for_a_wrong_label_as_well():
    assert not shipping.linted(shipping.BEFORE)["compliant"]
    assert shipping.linted(shipping.labelled())["compliant"]
    assert shipping.linted(shipping.mislabelled())["compliant"]
