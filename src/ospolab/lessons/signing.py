"""The views of the lab "CLA, DCO, or neither?" (counselor/community-engagement)."""

from __future__ import annotations

import html

import ipywidgets
import pandas as pd
from IPython.display import HTML

from ospolab import agreements, homes
from ospolab.agreements import INSTRUMENTS, LICENCES, NEEDS
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, Figure, canvas, figure
from ospolab.lessons.openings import kept
from ospolab.lessons.tables import wrapped

__all__ = ["COMMITS", "SHORT", "explorer", "home_facts", "home_table", "matrix", "opening", "shown", "try_needs", "who"]

# Instrument -> what stands in a narrow table.
SHORT = {
    "none": "licence only", "dco": "DCO", "icla": "ICLA", "ccla": "ICLA + CCLA",
    "ccla-dco": "CLAs + DCO", "assignment": "assignment",
}  # fmt: skip
SIGNS = {True: "yes", False: "no", None: "ask"}

# The lesson's miniature of a history. Roles, not people.
COMMITS = [
    {"author": "dev-1", "kind": "change", "bot": False, "signed_off": ["dev-1"]},
    {"author": "dev-2", "kind": "change", "bot": False, "signed_off": ["maintainer"]},
    {"author": "update-bot", "kind": "change", "bot": True, "signed_off": []},
    {"author": "maintainer", "kind": "merge", "bot": False, "signed_off": []},
    {"author": "dev-3", "kind": "squash", "bot": False, "signed_off": ["dev-3"]},
]


@kept
def opening() -> Figure:
    """The picture the lesson opens with: the share of signed-off commits in 36 repositories, largest first."""
    shares = agreements.signoffs()["share, %"]
    named, rest = shares[shares > 40], shares[shares <= 40]
    drawing, ax = canvas(height=3.2)
    places = range(len(named), 0, -1)
    bars = ax.barh(places, named, height=0.65, color=ORANGE)
    ax.bar_label(bars, labels=[f"{share:g} %" for share in named], padding=4, fontsize=9)
    ax.plot(rest, [0] * len(rest), "o", color=BLUE, markersize=7, alpha=0.55)
    ax.annotate(f"each dot a repository, at most {rest.max():g} %", (rest.max() + 3, 0), va="center", fontsize=9)
    ax.set_yticks([*places, 0], [*named.index, f"the other {len(rest)}"])
    ax.set_xlim(-2, 112)
    ax.set_xlabel("% of the commits with a sign-off")
    listed = "; ".join(f"{name} {share:g} %" for name, share in named.items())
    return figure(
        drawing,
        alt=f"Bars of the share of commits that carry a sign-off, in {len(shares)} repositories: {listed}. The other "
        f"{len(rest)}, as dots, are between 0 and {rest.max():g} %.",
        caption=f"Commits of two years, without merges and bots. {int((shares == 0).sum())} repositories have no "
        "sign-off at all. Data: community_files.",
    )


def shown(commits: list[dict]) -> pd.DataFrame:
    """A history as a table to look at: one row a commit."""
    rows = [
        {
            "author": one["author"] + (f" (with {one['with']})" if one.get("with") else ""),
            "kind": "bot" if one["bot"] else one["kind"],
            "signed off by": ", ".join(one["signed_off"]) or "–",
        }
        for one in commits
    ]
    return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="commit"))


def matrix(licence: str) -> pd.DataFrame:
    """Need by instrument, in a project under a licence of that kind: yes, no, or ask."""
    table = pd.DataFrame(agreements.gives(licence)).loc[list(NEEDS)].map(lambda value: SIGNS[value])
    return table.rename(columns=SHORT)


def home_table(licence: str, must: list[str]) -> pd.DataFrame:
    """How each home of `homes.yml` answers some needs, and what follows: fits, ask, or out."""
    answers = homes.answers(licence)
    sifted = agreements.sift(answers, must)
    rows = {
        id_: {
            **{need: SIGNS[has[need]] for need in must},
            "so": "fits" if id_ in sifted.fits else "ask" if id_ in sifted.ask else "out",
        }
        for id_, has in answers.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("home")


def home_facts() -> HTML:
    """What a source said about each home, with the day on which it was read."""
    rows = {home.name: {"says": home.says, "asks of contributors": home.asks} for home in homes.homes().values()}
    return wrapped(pd.DataFrame.from_dict(rows, orient="index").rename_axis("home"))


def who() -> HTML:
    """Whose yes is needed for the rights in a change."""
    rows = {
        "An employee, on the job": ("the employer", "somebody who may bind it; in the EU see Directive 2009/24, 2(3)"),
        "The same person, in her own time": ("depends", "on contract and country; she asks before she signs"),
        "A freelancer": ("whoever the contract names", "often the client"),
        "A student, not employed": ("the student", "unless funding or the university's rules say otherwise"),
        "A university researcher": ("depends", "on country, contract, and the grant"),
        "Somebody under age": ("often a parent's as well", "by country; ask before you rely on a form"),
        "A bot": ("whoever runs it", "answers for what it brings in"),
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["whose yes", "because"])
    return wrapped(table.rename_axis("The change is from"))


# ------------------------------------------------------------------------------------------------------------ explorer

_HOW = {"does not matter": "no", "a wish": "wish", "a must": "must"}
_START = {"record": "must", "light": "must", "patents": "wish"}


def explorer() -> Explorer:
    """The needs of a project, against the instrument that meets them."""
    licence = ipywidgets.Dropdown(
        options=[(words, key) for key, words in LICENCES.items()], value="plain", description="The licence is"
    )
    needs = {
        need: ipywidgets.Dropdown(options=list(_HOW.items()), value=_START.get(need, "no"), description=_label(need))
        for need in NEEDS
    }
    return Explorer("Which instrument, for which needs?", _view, {"licence": licence, **needs})


def _label(need: str) -> str:
    return {
        "record": "Origin, each change", "patents": "Patent licence", "company": "Employer's own yes",
        "terms": "Other terms, one body", "spread": "Nobody alone", "court": "Rights in one hand",
        "light": "No paper at first",
    }[need]  # fmt: skip


def _view(licence: str, **how: str) -> tuple[str, Figure]:
    must = [need for need in NEEDS if how[need] == "must"]
    wishes = [need for need in NEEDS if how[need] == "wish"]
    return f"{verdict(licence, must, wishes)}", _grid(licence, must, wishes)


def verdict(licence: str, must: list[str], wishes: list[str]) -> str:
    """What follows from the needs, as HTML: one instrument, a tie, a text to read, or an impossible set."""
    options = agreements.gives(licence)
    sifted = agreements.sift(options, must, wishes)
    if len(sifted.out) == len(options):
        return _impossible(licence, must)
    if not sifted.fits:
        named = _and([SHORT[one] for one in sifted.ask], "or")
        depends = "It depends on the text, or on a letter of the employer"
        return f"<b>Nothing meets all of it for certain.</b> {depends}: {named}."
    lightest = [one for one in sifted.best if not any(one in agreements.HEAVIER[other] for other in sifted.best)]
    equal = [one for one in sifted.best if one not in lightest]
    wished = f"{sifted.points[lightest[0]]} of {len(wishes)} wishes" if wishes else "no wishes to weigh"
    number = len(sifted.fits)
    left = f"{number} of {len(options)} meet{'s' * (number == 1)} every must" if must else "nothing is a must"
    if len(lightest) > 1:
        named = _and([SHORT[one] for one in lightest])
        return (
            f"<b>A tie: {named}.</b> {left}, {wished} each, and neither asks less in every respect. "
            "Points do not decide that; people do."
        )
    same = f" As good on points, and asking more: {_and([SHORT[one] for one in equal])}." if equal else ""
    asked = f" With a text or a letter that says so, too: {_and([SHORT[one] for one in sifted.ask])}." * bool(
        sifted.ask
    )
    return f"<b>{_first(INSTRUMENTS[lightest[0]])}.</b> {_first(left)}; {wished}.{same}{asked}"


def _impossible(licence: str, must: list[str]) -> str:
    sets = agreements.conflicts(agreements.gives(licence), must)
    together = _and([NEEDS[need] for need in sets[0]], "together with")
    said = f"<b>Impossible.</b> No instrument gives: {html.escape(together)}."
    elsewhere = [words for key, words in LICENCES.items() if not agreements.conflicts(agreements.gives(key), must)]
    way = f" Under another licence it could be had: {_and(elsewhere, 'or')}." if elsewhere else " Drop one of them."
    return said + way


def _grid(licence: str, must: list[str], wishes: list[str]) -> Figure:
    options = agreements.gives(licence)
    sifted = agreements.sift(options, must, wishes)
    drawing, ax = canvas(height=3.6)
    needs, names = list(NEEDS), list(options)
    for y, name in enumerate(reversed(names)):
        for x, need in enumerate(needs):
            gives, alive = options[name][need], name not in sifted.out
            if gives is False and need in must:
                ax.plot(x, y, marker="x", color=ORANGE, markersize=9, markeredgewidth=2.5)
                continue
            colour = (GREEN if name in sifted.best else BLUE) if alive else "#808080"
            fill = {True: colour, None: "none", False: "none"}[gives]
            size = 4 if gives is False else 12
            ax.plot(x, y, "o", markersize=size, markerfacecolor=fill, markeredgecolor=colour, markeredgewidth=1.8)
    ax.set_xlim(-0.6, len(needs) - 0.4)
    ax.set_ylim(-0.6, len(names) - 0.4)
    marks = {need: "must" if need in must else "wish" if need in wishes else "" for need in needs}
    ax.set_xticks(range(len(needs)), [f"{need}\n{marks[need]}" for need in needs])
    ax.set_yticks(range(len(names)), [SHORT[name] for name in reversed(names)])
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    told = "; ".join(f"{SHORT[name]}: {', '.join(n for n in needs if options[name][n]) or 'nothing'}" for name in names)
    best = _and([SHORT[one] for one in sifted.best]) or "none"
    asked = ", ".join(f"{need} ({mark})" for need, mark in marks.items() if mark) or "nothing"
    return figure(
        drawing,
        alt=f"Grid of six instruments and seven needs. Asked for: {asked}. Best: {best}. What each gives: {told}.",
        caption="Large dot: gives it. Large ring: depends on a text or a letter. Small ring: does not. "
        "Cross: breaks a must. Green: best of what is left. The course's reading, last checked 2026-11-28.",
    )


def try_needs(memo: dict) -> HTML:
    """What the needs in the exercise's memo lead to, by the lesson's rule. memo: answers of the form "memo"."""
    needs = memo.get("needs", {})
    if "licence" not in memo or any("how" not in needs.get(need, {}) for need in NEEDS):
        return HTML("<p>Choose the licence and answer all seven needs. Then run this cell again.</p>")
    how = {need: needs[need]["how"] for need in NEEDS}
    sorted_ = [[need for need in NEEDS if how[need] == kind] for kind in ("must", "wish")]
    return HTML(f"<p>{verdict(memo['licence'], *sorted_)}</p>")


def _and(words: list[str], between: str = "and") -> str:
    return "".join(words) if len(words) < 2 else f"{', '.join(words[:-1])} {between} {words[-1]}"


def _first(words: str) -> str:
    return words[:1].upper() + words[1:]
