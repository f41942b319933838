"""What instruments give, how one chooses by musts and wishes, and how sign-offs are counted."""

import itertools

import pytest

from ospolab import agreements, homes
from ospolab.agreements import HEAVIER, INSTRUMENTS, LICENCES, NEEDS, conflicts, coverage, gives, sift, unneeded
from ospolab.data import load


def commit(author="dev-1", *signed, kind="change", bot=False):
    return {"author": author, "kind": kind, "bot": bot, "signed_off": list(signed)}


def test_the_count_follows_the_rule_of_the_dco_check():
    """dcoapp/app, README: all commits except those of bots and merges; a line that matches the commit's author."""
    assert coverage([]) == (0, 0)
    assert coverage([commit("a", "a"), commit("a"), commit("a", "b")]) == (1, 3)
    assert coverage([commit("a", "b", "a"), commit("a", "a", kind="squash")]) == (2, 2)
    assert coverage([commit("a", "a", kind="merge"), commit("a", "a", bot=True)]) == (0, 0)


def test_what_each_instrument_gives_is_said_for_every_need_and_licence():
    for licence in LICENCES:
        table = gives(licence)
        assert list(table) == list(INSTRUMENTS) and all(set(has) == set(NEEDS) for has in table.values())
        # A licence's own patent grant is there whatever is signed; nobody can have both of two opposites.
        assert all(has["patents"] is not False for has in table.values()) == (licence != "plain")
        assert not any(has["terms"] and has["spread"] for has in table.values())
    assert [one for one, has in gives("plain").items() if has["patents"]] == ["icla", "ccla", "ccla-dco"]
    assert [one for one, has in gives("copyleft").items() if has["spread"]] == ["none", "dco"]
    assert [one for one, has in gives("patent").items() if has["record"]] == ["dco", "ccla-dco"]
    # An employer's yes: on paper with a corporate agreement; a letter can go with everything else.
    assert [one for one, has in gives("patent").items() if has["company"]] == ["ccla", "ccla-dco"]
    assert not any(has["company"] is False for has in gives("plain").values())


def test_heavier_is_an_order():
    assert set(HEAVIER) == set(INSTRUMENTS)
    for one, others in HEAVIER.items():
        assert one not in others
        assert all(HEAVIER[other] <= others for other in others)


def test_musts_sift_wishes_order_and_what_is_not_known_is_asked():
    homes_ = {
        "A": {"cats": True, "balcony": False},
        "B": {"cats": False, "balcony": True},
        "C": {"cats": None, "balcony": True},
        "D": {"cats": True},
    }
    found = sift(homes_, ["cats"], ["balcony"])
    assert (found.fits, found.ask, found.out) == (["A", "D"], ["C"], {"B": ["cats"]})
    assert found.points == {"A": 0, "B": 1, "C": 1, "D": 0} and found.best == ["A", "D"]
    # A feature that is not named is not known: no yes, no no.
    assert sift(homes_, ["balcony"]).ask == ["D"]
    assert sift(homes_, []).fits == list("ABCD")
    assert sift({}, ["cats"]).best == []


def test_conflicts_are_the_smallest_sets_that_nothing_meets():
    assert conflicts(gives("copyleft"), ["record", "terms", "spread", "light"]) == [
        ("terms", "spread"),
        ("terms", "light"),
    ]
    assert conflicts(gives("plain"), ["spread", "terms"]) == [("spread",)]
    assert conflicts(gives("patent"), ["record", "light", "patents"]) == []
    for licence, must in itertools.product(LICENCES, itertools.combinations(NEEDS, 3)):
        left = len(sift(gives(licence), must).out) < len(INSTRUMENTS)
        assert left == (conflicts(gives(licence), must) == [])


def test_what_is_heavier_without_giving_more_is_not_needed():
    found = sift(gives("patent"), ["patents"], ["light"])
    assert unneeded("ccla", found.fits, found.points) == ["none", "icla"]
    assert unneeded("none", found.fits, found.points) == []
    # It gives one wish more than the lighter ones: then it is needed.
    found = sift(gives("patent"), ["record"])
    assert unneeded("ccla-dco", found.fits, found.points) == ["dco"]
    found = sift(gives("plain"), ["patents"], ["company"])
    assert unneeded("ccla", found.fits, found.points) == []


def test_signoffs_are_those_of_the_table():
    found, table = agreements.signoffs(), load("community_files")
    assert len(found) == len(table) and found["commits"].sum() == table["commits_last_2y"].sum()
    assert found.loc["opentofu"].tolist() == [1540, 1534, 99.6]
    assert found.index.is_unique and found["share, %"].is_monotonic_decreasing
    assert (found["signed"] <= found["commits"]).all()


def test_valkeys_share_is_that_of_two_projects():
    """The lesson's trap: commits before the fork are redis', and were not asked for a sign-off."""
    forks, found = load("forks_quarterly"), agreements.signoffs()
    own = forks[(forks["pair"] == "redis/valkey") & (forks["side"] == "fork")]["commits"].sum()
    valkey, redis = found.loc["valkey"], found.loc["redis"]
    assert valkey["signed"] <= own < valkey["commits"] / 2
    assert (valkey["signed"] - redis["signed"]) / own > 0.9


def test_every_home_says_where_a_fact_is_from_and_when_it_was_read():
    known = homes.homes()
    names = [home.name for home in known.values()]
    assert names == sorted(names)
    for home in known.values():
        assert set(home.licences) == set(LICENCES)
        assert {"licence", *home.features} == set(homes.FEATURES)
        assert home.sources and all(one.startswith("https://") for one in home.sources)
        assert home.read.isoformat() <= "2026-11-28" and home.says and home.asks
    assert homes.answers("copyleft")["ASF"]["licence"] is False
    assert homes.answers("patent")["CNCF"]["keeps-name"] is False


@pytest.mark.parametrize(("years", "archived"), [(3, 9), (4, 19), (5, 14)])
def test_where_projects_stood_agrees_with_the_count_of_endings(years, archived):
    from ospolab import control

    stood = homes.after(years)
    assert stood["archived"] == archived
    assert (stood["archived"], stood.sum()) == control.archived_within(years)
