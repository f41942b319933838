"""The views of the lab "From request to decision" (enabler/governance)."""

from __future__ import annotations

import math
from functools import cache

import ipywidgets
import pandas as pd
import yaml
from IPython.display import HTML

from ospolab import intake, waiting
from ospolab.data import load
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, ORANGE, Figure, canvas, figure
from ospolab.lessons.openings import kept

__all__ = [
    *("BY_USE", "DECIDED", "LICENCE_ONLY", "RACI", "decided_by", "decision_gaps", "explorer", "ladder", "opening"),
    *("proposals", "rules", "try_policy", "wait_curve", "wrapped"),
]

# What one reviewer decides on a working day, in every example of this lab. Invented, like the requests a day.
DECIDED = 1.6

LICENCE_ONLY = """\
- name: permissive
  when: {licence: [permissive]}
  route: approve
  reason: notices

- name: copyleft
  when:
    licence: [copyleft,
              network-copyleft]
  route: reject
  reason: source

- name: anything-else
  when: {}
  route: legal
  reason: unclear
"""
BY_USE = """\
- name: personal-data
  when: {data: [personal]}
  route: security
  reason: personal

- name: permissive
  when: {licence: [permissive]}
  route: approve
  reason: notices

- name: build-tools
  when:
    use: [build-tool]
    licence: [weak-copyleft,
              copyleft]
  route: approve
  reason: not-handed-out

- name: anything-else
  when: {}
  route: legal
  reason: unclear
"""

# Who does what when a request comes in: an invented table, with the gaps that such tables have.
RACI = {
    "take in the request": {"team": "R", "office": "A", "counsel": "", "privacy": "I"},
    "decide the simple ones": {"team": "I", "office": "RA", "counsel": "", "privacy": ""},
    "decide the hard ones": {"team": "I", "office": "A", "counsel": "RA", "privacy": "C"},
    "keep the record": {"team": "", "office": "R", "counsel": "I", "privacy": "I"},
    "change the policy": {"team": "I", "office": "A", "counsel": "C", "privacy": "C"},
}


def rules(text: str) -> list[dict]:
    """The rules in a YAML text."""
    return yaml.safe_load(text)


def wrapped(table: pd.DataFrame, index: bool = True) -> HTML:
    """A table whose words wrap, so that a narrow page shows all of it."""
    text = table.to_html(border=0, index=index, classes="table", justify="left")
    return HTML(text.replace("dataframe table", "table"))


def _days() -> pd.Series:
    """Decisions by day of the register, in order."""
    return pd.to_datetime(load("license_decisions")["decided_on"]).value_counts().sort_index()


def decision_gaps() -> pd.Series:
    """Days between one decision day of `license_decisions` and the next, by the day on which the gap ends."""
    days = _days().index.to_series()
    return days.diff().dt.days.iloc[1:].astype(int)


def decided_by() -> pd.Series:
    """Rows of the register by who decided: its written rule, or its board."""
    status = load("license_decisions")["status"]
    return status.isin(["approved", "denied"]).map({True: "board", False: "rule"}).value_counts()


@kept
def opening() -> Figure:
    """The picture the lesson opens with: on which days a board decided."""
    days = _days()
    drawing, ax = canvas(height=2.6)
    ax.vlines(days.index, 0.7, days, color=BLUE, linewidth=2)
    ax.plot(days.index, days, "o", color=BLUE, markersize=6)
    ax.set_yscale("log")
    ax.set_ylim(0.7, 600)
    ax.set_yticks([1, 10, 100], ["1", "10", "100"])
    ax.set_ylabel("decisions")
    longest = decision_gaps().max()
    return figure(
        drawing,
        alt=f"Stems on a time line from {days.index[0]:%B %Y} to {days.index[-1]:%B %Y}: {len(days)} days on which "
        f"decisions are dated, with {days.min()} to {days.max()} decisions each. The two largest are the first two. "
        f"The longest stretch without any is {longest} days.",
        caption=f"The register of a foundation's licence board: {days.sum()} decisions on {len(days)} days. Each step "
        "up is ten times as many. Data: license_decisions.",
    )


def wait_curve(asked: float = 6, reviewers: tuple[int, int] = (3, 4)) -> Figure:
    """What automation does to the wait: the wait that nine in ten requests do not exceed, by share decided by rules."""
    drawing, ax = canvas()
    shares, said = range(0, 96), []
    for people, colour, dash in zip(reviewers, (BLUE, ORANGE), ("-", "--"), strict=True):
        waits = [waiting.wait_of(0.9, asked * (1 - s / 100), people, DECIDED) for s in shares]
        ax.plot(shares, [w if w <= 12 else math.nan for w in waits], dash, color=colour, label=f"{people} reviewers")
        first = next(s for s, w in zip(shares, waits, strict=True) if w <= 12)
        under = next(s for s, w in zip(shares, waits, strict=True) if w <= 1)
        said.append(f"with {people} reviewers it comes below 12 days at {first} % and below one day at {under} %")
    ax.set_ylim(0, 12)
    ax.set_xlabel("% of requests decided by rules")
    ax.set_ylabel("working days")
    ax.legend(loc="upper right", frameon=False)
    return figure(
        drawing,
        alt=f"Two curves that fall steeply and then flatten: of {asked:g} requests a day, the wait of those who reach "
        f"the board that nine in ten do not exceed; {'; '.join(said)}.",
        caption=f"Nine in ten requests to the board wait no longer than this. {asked:g} requests a day, {DECIDED} "
        "decisions by each reviewer a day (invented).",
    )


# ------------------------------------------------------------------------------------------------------------ explorer

_PERSONAL = {"name": "personal", "when": {"data": ["personal"]}, "route": "security", "reason": "personal"}
_REST = {"name": "rest", "when": {}, "route": "legal", "reason": "unclear"}
_STEPS = {
    "nothing": [],
    "permissive licences": [{"licence": ["permissive"]}],
    "+ weak copyleft as is": [{"licence": ["weak-copyleft"], "modified": ["as-is"]}],
    "+ all that stays inside": [{"channel": ["inside"]}],
    "+ all over a network": [{"channel": ["network"]}],
    "everything": [{}],
}


@cache
def _ladder(personal_first: bool) -> list[tuple[str, float, float]]:
    """(step, automatic %, let through %) when each step approves what the ones before it did, and more."""
    found, approved = [], []
    for name, conditions in _STEPS.items():
        approved += conditions
        made = [
            {"name": f"r{n}", "when": when, "route": "approve", "reason": "notices"} for n, when in enumerate(approved)
        ]
        done = intake.outcome([*([_PERSONAL] if personal_first else []), *made, _REST])
        found.append((name, done["automatic"], done["let through"]))
    return found


def ladder() -> pd.DataFrame:
    """What each step of the explorer decides by rule and lets through, in per cent, with and without the question."""
    without, first = _ladder(False), _ladder(True)
    rows = [(a[1], a[2], b[1], b[2]) for a, b in zip(without, first, strict=True)]
    columns = pd.MultiIndex.from_product([["data not asked", "data first"], ["by rule", "let through"]])
    return pd.DataFrame(rows, index=list(_STEPS), columns=columns).round(1)


def explorer() -> Explorer:
    """What is decided by rules, against what the rules let through and how long the others wait."""
    return Explorer(
        "How much may decide itself?",
        _view,
        {
            "step": ipywidgets.Dropdown(
                options=list(_STEPS), value="permissive licences", description="Approve by rule"
            ),
            "personal": ipywidgets.Checkbox(value=False, description="Personal data goes to security first"),
            "reviewers": ipywidgets.IntSlider(value=3, min=1, max=6, description="Reviewers", continuous_update=False),
            "asked": ipywidgets.IntSlider(
                value=6, min=1, max=20, description="Requests a day", continuous_update=False
            ),
        },
    )


def _view(step: str, personal: bool, reviewers: int, asked: int) -> tuple[str, Figure]:
    now, other = _ladder(personal), _ladder(not personal)
    at = list(_STEPS).index(step)
    _, automatic, through = now[at]
    drawing, ax = canvas()
    for ladder, colour, dash, on in ((now, BLUE, "-", personal), (other, ORANGE, "--", not personal)):
        label = "personal data first" if on else "personal data not asked"
        ax.plot(
            [x for _, x, _ in ladder],
            [y for *_, y in ladder],
            dash,
            color=colour,
            marker="o",
            markersize=4,
            label=label,
        )
    ax.plot(
        [automatic], [through], "o", markersize=13, markerfacecolor="none", markeredgecolor=BLUE, markeredgewidth=2.5
    )
    ax.set_xlim(-4, 104)
    ax.set_ylim(-1, 1.15 * max(y for *_, y in [*now, *other]))
    ax.set_xlabel("% decided by rules")
    ax.set_ylabel("% let through")
    ax.legend(loc="upper left", frameon=False)
    words = "; ".join(f"{name}: {x:.0f} % by rules, {y:.1f} % let through" for name, x, y in now)
    picture = figure(
        drawing,
        alt=f"Line of six steps, with personal data {'first' if personal else 'not asked'}. {words}. Marked: {step}.",
        caption="Each point approves more by rule than the one before it. Let through: approved, though somebody "
        "should have looked. Components and licences are real (license_decisions), their uses invented.",
    )
    aside = asked * _personal() if personal else 0.0
    left = max(asked * (1 - automatic / 100) - aside, 0.0)
    wait = waiting.wait_of(0.9, left, reviewers, DECIDED)
    risk = f"{through * asked * 220 / 100:.0f} of {asked * 220} requests a year are let through"
    risk = "nothing is let through that should have been looked at" if through == 0 else risk
    risk += f"; {aside:.1f} a day go to security, whose wait is not counted here" if aside else ""
    said = f"Rules decide <b>{automatic:.0f} %</b>; {risk}."
    return f"{said} {_felt(wait, left, reviewers)} {_verdict(through, wait)}", picture


def _personal() -> float:
    """The part of the stream that handles personal data, 0..1."""
    return float((intake.requests()["data"] == "personal").mean())


def _felt(wait: float, left: float, reviewers: int) -> str:
    board = f"{reviewers} reviewer{'s' * (reviewers > 1)}"
    if left < 1e-9:
        return "Nobody asks the board anything."
    if math.isinf(wait):
        most = f"{reviewers * DECIDED:.1f}"
        return f"{left:.1f} a day are left for {board}, who manage {most}: <b>the pile grows for ever.</b>"
    if wait < 0.05:
        return f"Of those who reach the {board}, nine in ten are <b>taken at once</b>."
    return f"Of those who reach the {board}, nine in ten wait <b>at most {wait:.1f} working days</b>."


def _verdict(through: float, wait: float) -> str:
    if through == 0:
        return "<b>Safe, and quick.</b>" if wait <= 2 else "<b>Safe, and so slow that people stop asking.</b>"
    return "<b>Quick, and blind.</b>" if wait <= 2 else "<b>Slow and blind at once.</b>"


# ------------------------------------------------------------------------------------------------------------ exercise


def proposals() -> pd.DataFrame:
    """Four ways to mend the exercise's queue: 4 requests a day, 3 reviewers. For its form "queue".

    Columns: decided by rules and let through, in per cent; the wait in days that nine in ten do not exceed. Who handles
    personal data is counted among those who wait.
    """
    asked = 4
    rows = {
        "as it is": (3, 0, 0.0),
        "a fourth reviewer": (4, 0, 0.0),
        "permissive, unless personal data": (3, _ladder(True)[1][1], _ladder(True)[1][2]),
        "everything inside, too": (3, _ladder(False)[3][1], _ladder(False)[3][2]),
    }
    made = {
        name: {
            "by rules, %": f"{share:.0f}",
            "let through, %": f"{through:.1f}",
            "wait, days": f"{waiting.wait_of(0.9, asked * (1 - share / 100), people, DECIDED):.1f}",
        }
        for name, (people, share, through) in rows.items()
    }
    return pd.DataFrame(made).T


def try_policy(given: dict) -> str:
    """Says how the learner's policy does, without saying which rule is wrong. given: answers of the form "policy"."""
    from ospolab.portfolio import use_policy

    made = use_policy.rules_from(given)
    if not made:
        return "Put the rules into an order and give at least one a route and a reason. Then run this cell again."
    done, does = intake.outcome(made), use_policy.judged(given, intake.possible())
    every = len(intake.possible())
    said = [
        f"{len(made) - 1} rules and the net. {done['automatic']:.0f} % of the stream are decided without a person.",
        f"Routes that can be defended: {does.defended} of {every} kinds of request ({does.defended / every:.0%}).",
        f"Let through: {does.through} of {every} kinds, {done['let through']:.1f} % of the stream.",
        f"Stopped, though there is nothing to decide: {does.stopped} of {every} kinds, {done['held up']:.1f} %.",
        f"Reasons that carry their route: {does.reasoned} of {every} ({does.reasoned / every:.0%}).",
    ]
    gone = intake.dead(made)
    said.append(f"Rules that are never reached: {', '.join(gone)}." if gone else "Every rule is reached.")
    if half := use_policy.without_reason(given):
        said.append(f"Not in the policy, for want of a reason: {', '.join(half)}.")
    if not does.counts:
        said.append("As it stands, it earns nothing yet: see below, what counts.")
    return "\n".join(said)
