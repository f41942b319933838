"""The relicensing risk register: from complete answers only, and what of it does not hold."""

from datetime import date
from pathlib import Path

import pytest

from ospolab import portfolio, relicensing
from ospolab.forms import definition
from ospolab.portfolio import relicensing_register as paper
from ospolab.portfolio.organisation import INVENTED
from ospolab.portfolio.relicensing_register import Entry, RelicensingRegister

FORMS = Path(__file__).resolve().parents[1] / "exercises/source/counselor-strategy"


def entry(component="search", signal="vendor", base="roster", band="low", trigger="edition", way="join", cost=46):
    facts = {"component": component, "signal": signal, "base": base, "band": band, "trigger": trigger, "way": way}
    return {**facts, "cost": cost, "owner": "contact"}


def register(**changes):
    rows = {
        "first": entry(),
        "second": entry("broker", "home", "foundation", "low", "sold", "replace", 80),
        "third": entry("charts", "right", "none", "open", "agreement", "join", 9),
    }
    return {
        "roster": 300,
        "entries": {**rows, **changes.pop("entries", {})},
        "why": "The shop could not take orders.",
        "decision": "Two days in May, 1,200 euro.",
        "review": 6,
        **changes,
    }


def test_it_is_written_from_complete_answers_only(home):
    for missing in ({"why": None}, {"entries": {"third": {}}}, {"entries": {"second": {"component": "queue"}}}):
        given = {key: value for key, value in register(**missing).items() if value is not None}
        assert paper.issue(given).startswith("Not written yet")
    assert not (home / "portfolio").exists()
    shown = paper.issue(register())
    written = portfolio.read(RelicensingRegister)
    assert portfolio.render(written) in shown and "Before it goes out" not in shown
    assert (home / "portfolio" / "relicensing-risk-register.md").is_file()
    assert written.complaints(INVENTED["business"]) == []
    # Each likelihood stands beside its base, and the assumption is named as one.
    assert "at most 0.3 % a year" in shown and "300 such projects, 0.4 % would have left" in shown
    assert "name held by: company that gave it" in shown and "Apache-2.0" not in shown
    assert "assumption" not in paper.issue(register(roster=None, entries={"first": entry(base="none", band="open")}))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"signal": "spread", "trigger": "leaves"}, "is not what the inventory shows"),
        ({"base": "list", "band": "high"}, "nothing about how many projects change"),
        ({"base": "none"}, "where nothing is counted"),
        ({"band": "open"}, "no band follows"),
        ({"base": "foundation"}, "inside the foundation"),
        ({"band": "some"}, "with 300 projects it is 0.4 % a year"),
        ({"component": "maps", "signal": "home", "trigger": "name"}, "not a company's"),
        ({"component": "queue", "signal": "right", "base": "none", "band": "open"}, "list is at hand"),
        ({"component": "queue", "signal": "right", "base": "foundation", "band": "some"}, "at most 0.3 % a year"),
        ({"trigger": "stars"}, "warns of nothing"),
        ({"trigger": "release"}, "comes too late"),
        ({"trigger": "leaves"}, "does not go with"),
        ({"trigger": "agreement"}, "is already so"),
        ({"trigger": "name"}, "is already so"),
        ({"component": "charts", "signal": "home", "base": "none", "band": "open", "trigger": "sold"}, "no company"),
        ({"cost": 0}, "not nothing"),
        ({"way": "own", "cost": 40}, "at least 100"),
    ],
)
def test_what_of_an_entry_does_not_hold(change, says):
    assert paper.faults(Entry(**entry()), 300) == []
    said = paper.faults(Entry(**{**entry(), **change}), 300)
    assert len(said) == 1 and says in said[0], said


def test_a_name_that_is_not_handed_over_leaves_the_base_open():
    for base, band in (("foundation", "low"), ("none", "open")):
        assert paper.band_holds("broker", base, band, None)
    assert not paper.band_holds("queue", "none", "open", None)
    assert paper.trigger_holds("identity", "right", "sold") and not paper.trigger_holds("metrics", "right", "sold")


def test_a_band_follows_from_the_number_that_was_assumed():
    for roster, band in ((20, "high"), (100, "some"), (300, "low")):
        assert [one for one in paper.BANDS if paper.band_holds("search", "roster", one, roster)] == [band]
    assert not paper.band_holds("search", "roster", "low", None)
    assert "missing" in paper.faults(Entry(**entry()), None)[0]


def made(**changes):
    given = register()
    facts = {"entries": tuple(Entry(**one) for one in given["entries"].values()), "roster": 300}
    return RelicensingRegister(
        **{"organisation": "X", "written": date(2026, 11, 28), "why": "w", "decision": "d", "for_us": "f",
           "review_in_months": 6, **facts, **changes}
    )  # fmt: skip


def test_what_does_not_hold_for_an_organisation():
    firm, ministry, house = (INVENTED[key] for key in ("business", "government", "business-education"))
    staying = made(organisation=firm.name, entries=(Entry(**entry(way="stay")),))
    assert any("making its fixes" in said for said in staying.complaints(firm))
    paying = made(organisation=ministry.name, entries=(Entry(**entry(way="pay")),))
    assert any("needs the maker's permission" in said for said in paying.complaints(ministry))
    assert not any("permission" in said for said in paying.complaints(firm))
    accepting = made(organisation=house.name, entries=(Entry(**entry(way="accept")),))
    assert any("counsel reads them first" in said for said in accepting.complaints(house))
    twice = made(entries=(Entry(**entry()), Entry(**entry())), review_in_months=18)
    said = " ".join(twice.complaints(firm))
    assert "It is for X" in said and "stands in it twice" in said and "at least once a year" in said
    assert made().words()["review"] == "2027-05-01" and made(review_in_months=13).words()["review"] == "2027-12-01"


def test_parts_and_remarks():
    assert paper.parts(register()) == [1, 1, 1, 1, True, True] and paper.remarks(register()) == []
    assert paper.parts({}) == [0, 0, 0, 0, False, False] and paper.remarks({}) == []
    again = paper.parts(register(entries={row: entry() for row in paper.ROWS}))
    assert again == [pytest.approx(1 / 3)] * 4 + [False, True]  # three times the same is one entry
    same = {row: entry(base="none", band="open") for row in paper.ROWS}
    got = paper.parts(register(entries=same, review=24))
    assert got[4:] == [False, False]
    said = " ".join(paper.remarks(register(entries=same, review=24)))
    assert "twice" in said and "same kind of home" in said and "No band says a number" in said and "forgotten" in said


def test_every_component_can_be_registered():
    for key, one in relicensing.inventory().items():
        bands = [(b, d) for b in paper.BASES for d in paper.BANDS if paper.band_holds(key, b, d, 300)]
        ways = [(s, t) for s in one.signals for t in paper.TRIGGERS if paper.trigger_holds(key, s, t)]
        assert bands and ways, key


def test_the_form_offers_what_the_paper_knows(monkeypatch):
    monkeypatch.chdir(FORMS)
    columns = {column.id: column for column in definition.task("register").field("entries").columns}
    for name, known in (
        ("component", relicensing.inventory()), ("signal", paper.SIGNALS), ("base", paper.BASES),
        ("band", paper.BANDS), ("trigger", paper.TRIGGERS), ("way", paper.WAYS), ("owner", paper.OWNERS),
    ):  # fmt: skip
        assert {option.value for option in columns[name].options} == set(known), name
