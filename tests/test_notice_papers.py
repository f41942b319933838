"""The NOTICE bundle and the distribution policy: written from complete answers, and what does not hold is said."""

import copy

import pytest
import yaml

from ospolab.authoring import cases
from ospolab.portfolio import distribution_policy, notice_bundle, organisation, papers
from ospolab.portfolio.distribution_policy import DistributionPolicy
from ospolab.portfolio.notice_bundle import NoticeBundle

ANSWERS = cases.case("advocate-compliance", "reference")["answers"]
PANEL = cases.case("advocate-compliance", "right-panel")["answers"]
KESSEL = organisation.INVENTED["business"]


@pytest.fixture
def bundle_form():
    return copy.deepcopy(ANSWERS["bundle"]) | {"organisation": KESSEL.name}


@pytest.fixture
def policy_form():
    return copy.deepcopy(ANSWERS["policy"]) | {"organisation": KESSEL.name}


def written(form):
    notice_bundle.issue(form)
    return papers.read(NoticeBundle)


def test_a_complete_form_makes_files_and_a_page_that_hold(home, bundle_form):
    text = notice_bundle.issue(bundle_form)
    assert "# NOTICE bundle" in text and "Before it goes out" not in text
    assert papers.read(NoticeBundle).complaints(KESSEL) == []
    assert (notice_bundle.folder() / "MANIFEST.json").exists()


@pytest.mark.parametrize("field", ["channel", "way", "install", "answers", "parts"])
def test_an_open_form_writes_nothing(home, bundle_form, field):
    del bundle_form[field]
    assert "Not written yet" in notice_bundle.issue(bundle_form) and not notice_bundle.folder().exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"idna": "nothing"}, "idna asks for"),
        ({"pytest": "texts"}, "pytest does not go out"),
        ({"zlib": "texts"}, "zlib: nothing asks"),
        ({"requests": "texts"}, "NOTICE file says, and it is not there"),
        ({"cvss": "texts"}, "cvss asks for its source"),
        ({"busybox": "source"}, "busybox does not go out"),
    ],
)
def test_what_was_decided_wrongly_is_in_the_bundle_and_said(home, bundle_form, change, says):
    for part, goes in change.items():
        bundle_form["parts"][part] = {"goes": goes}
    assert any(says in line for line in written(bundle_form).complaints(KESSEL))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"way": "offer", "until": 2036}, "not by a written offer"),
        ({"answers": "engineer"}, "a role has to answer"),
        ({"channel": "handover", "way": "offer", "until": 2033}, "has to hold until 2036-06-30"),
    ],
)
def test_terms_that_do_not_hold_are_said(home, bundle_form, change, says):
    assert any(says in line for line in written(bundle_form | change).complaints(KESSEL))


def test_a_bundle_for_a_channel_that_is_not_ours_is_said(home, bundle_form):
    paper = written(PANEL["bundle"])
    ours = organisation.INVENTED["education"]
    said = paper.model_copy(update={"organisation": ours.name}).complaints(ours)
    assert any("ships nothing that goes this way" in line for line in said)


def test_a_file_that_was_changed_or_lost_is_said(home, bundle_form):
    paper = written(bundle_form)
    file = notice_bundle.folder() / "licences/idna-3.20.txt"
    file.write_text(file.read_text() + "x")
    assert [line for line in paper.complaints(KESSEL)] == [
        "licences/idna-3.20.txt is not the file that the manifest was made of."
    ]
    file.unlink()
    assert any("not in the folder" in line for line in paper.complaints(KESSEL))
    assert written(bundle_form).complaints(KESSEL) == [], "issuing again mends what is lost"


def test_blanks_are_filled_in_by_hand_kept_and_sealed(home):
    paper = written(PANEL["bundle"])
    assert paper.blanks == 3 and any("3 blanks" in line for line in paper.complaints(KESSEL))
    for file in notice_bundle.folder().rglob("*.txt"):
        file.write_text(file.read_text().replace(papers.BLANK, "filled in"))
    assert written(PANEL["bundle"]) == paper, "issuing again leaves what somebody filled in"
    notice_bundle.seal()
    assert papers.read(NoticeBundle).complaints(KESSEL) == []
    assert "filled in" in (notice_bundle.folder() / "INSTALL.txt").read_text()


def test_parts_of_the_bundle_follow_the_channel(bundle_form):
    assert notice_bundle.parts(bundle_form) == [1, 1, 1] and notice_bundle.hints(bundle_form) == []
    assert notice_bundle.parts({}) == [0, 0, 0] and notice_bundle.hints({})
    wrong = bundle_form | {"channel": "firmware"}
    assert notice_bundle.parts(wrong) == [pytest.approx(1 - 2 / 13), 0, 0]
    assert any("busybox" in line for line in notice_bundle.hints(wrong))


def test_a_complete_policy_holds_and_speaks_of_our_channels(home, policy_form):
    text = distribution_policy.issue(policy_form)
    assert "# Distribution policy" in text and "As firmware in a device" in text
    assert papers.read(DistributionPolicy).complaints(KESSEL) == []
    assert distribution_policy.parts(policy_form) == [1, 1, 1] and distribution_policy.hints(policy_form) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"gate": "asked"}, "we look when a customer asks"),
        ({"keep": "first"}, "three years from the first copy"),
        ({"base": "theirs"}, "whoever published"),
        ({"answers": "sales"}, "in sales"),
    ],
)
def test_rules_that_do_not_hold_are_said(home, policy_form, change, says):
    distribution_policy.issue(policy_form | change)
    assert any(says in line for line in papers.read(DistributionPolicy).complaints(KESSEL))
    assert distribution_policy.parts(policy_form | change)[2] == 0.5


def test_places_and_ways_that_do_not_hold_are_said(home, policy_form):
    policy_form["entries"] |= {"app": {"place": "none", "source": "offer"}, "saas": {"place": "none", "source": "none"}}
    distribution_policy.issue(policy_form)
    said = papers.read(DistributionPolicy).complaints(KESSEL)
    assert len(said) == 2 and all("As an app in a store" in line for line in said)
    assert len(distribution_policy.hints(policy_form)) == 2


def test_a_channel_of_ours_without_a_line_is_said(home, policy_form):
    distribution_policy.issue(policy_form)
    paper = papers.read(DistributionPolicy)
    short = paper.model_copy(update={"rows": tuple(row for row in paper.rows if row.channel != "firmware")})
    assert any("no line for it" in line for line in short.complaints(KESSEL))


def test_who_ships_nothing_is_told_where_to_begin():
    ours = KESSEL.model_copy(update={"ships": ("nothing",)})
    assert "Nothing of ours leaves today" in distribution_policy.for_us(ours)[-1]
    for one in organisation.INVENTED.values():
        said = distribution_policy.for_us(one)
        assert said[0] == distribution_policy.FOR_US[one.segment] and len(said) > 1


def test_an_open_policy_is_not_written(home, policy_form):
    del policy_form["entries"]["app"]["source"]
    assert "Not written yet" in distribution_policy.issue(policy_form)


def test_facts_of_a_page_are_yaml(home, bundle_form):
    notice_bundle.issue(bundle_form)
    front = papers.path_of(NoticeBundle).read_text().split("---")[1]
    assert yaml.safe_load(front)["channel"] == "download"
