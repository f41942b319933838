"""The use policy: the rules that route requests to use a component, as data that a program can follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import intake
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = [
    *("CANDIDATES", "NET", "Judged", "UsePolicy", "issue", "judged", "parts", "remarks", "rules_from", "without_reason")
]

# Conditions that a policy can be made of, by name: words, and the condition. Two of them do more harm than good.
CANDIDATES: dict[str, tuple[str, dict[str, list[str]]]] = {
    "inside": ("it stays inside", {"channel": ["inside"]}),
    "permissive": ("the licence is permissive", {"licence": ["permissive"]}),
    "any-copyleft": ("any copyleft at all", {"licence": ["weak-copyleft", "copyleft", "network-copyleft"]}),
    "weak-as-is": ("weak copyleft, as it came", {"licence": ["weak-copyleft"], "modified": ["as-is"]}),
    "weak-changed-out": (
        "weak copyleft, changed, and copies go out",
        {"licence": ["weak-copyleft"], "modified": ["changed"], "channel": ["handed-out"]},
    ),
    "copyleft-out": (
        "copyleft or network copyleft, and copies go out",
        {"licence": ["copyleft", "network-copyleft"], "channel": ["handed-out"]},
    ),
    "network-changed": (
        "network copyleft, changed, used over a network",
        {"licence": ["network-copyleft"], "modified": ["changed"], "channel": ["network"]},
    ),
    "network-built-in": (
        "network copyleft, built into what others use over a network",
        {"licence": ["network-copyleft"], "use": ["component"], "channel": ["network"]},
    ),
    "over-network": ("others use it over a network", {"channel": ["network"]}),
    "not-open": ("not open source", {"licence": ["not-open"]}),
    "unclear": ("the licence is unclear", {"licence": ["unclear"]}),
    "personal": ("it handles personal data", {"data": ["personal"]}),
}
# What no rule catches: a net, because tomorrow's form will know words that today's does not.
NET = {"name": "anything-else", "when": {}, "route": "legal", "reason": "unclear"}
DEFENDED = 0.85, 0.95  # parts of the requests that must be routed well before anything counts, and for the next step
THROUGH = 0.02  # part of them that may be let through before nothing counts
REASONED = 0.9  # part of the requests whose reason must carry the route

Route = Literal["approve", "legal", "security", "reject"]
Reason = Literal[
    *("notices", "not-handed-out", "unchanged", "source", "network", "not-open", "unclear", "personal", "own-choice")
]


class Rule(BaseModel):
    """One rule: see `ospolab.intake`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    when: dict[str, tuple[str, ...]]
    route: Route
    reason: Reason


class UsePolicy(Issued):
    """A use policy. The first rule that fits decides. owner: who may change it."""

    NAME: ClassVar[str] = "use-policy"
    TITLE: ClassVar[str] = "Use policy"
    LESSON: ClassVar[str] = "enabler/governance"
    ENDING: ClassVar[Literal[".yml"]] = ".yml"

    owner: str = Field(min_length=1)
    review_in_months: int = Field(ge=1)
    rules: tuple[Rule, ...] = Field(min_length=1)

    @property
    def plain(self) -> list[dict[str, Any]]:
        """The rules as `ospolab.intake` takes them."""
        return [rule.model_dump() for rule in self.rules]

    def complaints(self, organisation: Organisation) -> list[str]:
        said = []
        if self.organisation != organisation.name:
            said.append(f"It is for {self.organisation}; the portfolio is that of {organisation.name}.")
        if wrong := intake.faults(self.plain):
            return said + wrong
        if missed := intake.gaps(self.plain):
            said.append(f"It has no answer for {len(missed)} of {len(intake.possible())} possible requests.")
        said += [
            f'Rule "{name}" is never reached: rules above it take all its requests.' for name in intake.dead(self.plain)
        ]
        risky = sum(intake.let_through(one, self.plain) for one in _of(organisation))
        if risky:
            said.append(f"It approves {risky} possible requests of this organisation that somebody should look at.")
        said += _reasons_short(self.plain)
        if self.review_in_months > 18:
            said.append(
                "A policy is read again within 18 months, as often as conformance to ISO/IEC 5230 is confirmed."
            )
        return said

    def words(self) -> dict[str, Any]:
        return {
            "rows": [
                {
                    "name": rule.name,
                    "when": _said(rule.when),
                    "route": intake.ROUTES[rule.route],
                    "reason": intake.REASONS[rule.reason],
                }
                for rule in self.rules
            ],
            "outcome": intake.outcome(self.plain),
            "possible": len(intake.possible()),
        }


def _of(ours: Organisation) -> list[dict[str, str]]:
    """The possible requests of an organisation: from who ships nothing, no copy goes out."""
    closed = {"handed-out"} if ours.ships == ("nothing",) else set()
    return [one for one in intake.possible() if one["channel"] not in closed]


def _reasons_short(rules: list[dict[str, Any]]) -> list[str]:
    """Rules that approve copyleft of which copies go out, and do not say that source is owed."""
    found = {}
    for one in intake.possible():
        rule = intake.route(one, rules)
        if rule and rule["route"] == "approve" and "source" in intake.defensible(one).get("approve", ()):
            found[rule["name"]] = rule["reason"]
    return [
        f'Rule "{name}" says: {intake.REASONS[reason]}. With copyleft of which copies go out, source is owed as well.'
        for name, reason in found.items()
        if reason != "source"
    ]


def _said(when: Mapping[str, tuple[str, ...]]) -> str:
    said = [
        f"{field}: {' or '.join(intake.FIELDS.get(field, {}).get(v, v) for v in values)}"
        for field, values in when.items()
    ]
    return "; ".join(said) or "anything else"


def rules_from(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rules that a form describes, in its order, with the net below; [] while it says nothing.

    policy: answers of the form "policy": `order`, a ranking of CANDIDATES, and `rules`, {name: {route, reason}}. A rule
    whose route is "leave-out", or with an open cell, is not in it.
    """
    cells = policy.get("rules", {})
    made = [
        {"name": name, "when": CANDIDATES[name][1], "route": cells[name]["route"], "reason": cells[name]["reason"]}
        for name in policy.get("order", [])
        if cells.get(name, {}).get("route", "leave-out") != "leave-out" and "reason" in cells[name]
    ]
    return [*made, NET] if made else []


def without_reason(policy: Mapping[str, Any]) -> list[str]:
    """Rules of the form that have a route and no reason, and so are not in the policy."""
    cells = policy.get("rules", {})
    return [n for n, cell in cells.items() if cell.get("route", "leave-out") != "leave-out" and "reason" not in cell]


@dataclass(frozen=True)
class Judged:
    """What a policy does to requests, each a number of them. counts: whether enough holds for any points."""

    defended: int
    reasoned: int
    through: int
    stopped: int
    counts: bool


def judged(policy: Mapping[str, Any], asked: list[dict[str, str]]) -> Judged:
    """How many of the requests in `asked` are routed as can be defended, with a reason that carries it, are let through
    or are stopped without need. policy: answers of the form "policy", with at least one rule.
    """
    rules = rules_from(policy)
    decided = [(one, intake.route(one, rules)) for one in asked]
    defended = sum(intake.holds(one, rule["route"]) for one, rule in decided)
    through = sum(intake.let_through(one, rules) for one in asked)
    return Judged(
        defended,
        sum(intake.holds(one, rule["route"], rule["reason"]) for one, rule in decided),
        through,
        sum(intake.held_up(one, rules) for one in asked),
        defended >= DEFENDED[0] * len(asked) and through <= THROUGH * len(asked),
    )


def parts(policy: Mapping[str, Any], asked: list[dict[str, str]]) -> list[bool]:
    """How far a policy holds, six equal parts: three for routes of the requests in `asked`, one each for reasons, for
    no rule that is never reached, and for nobody stopped without need.

    Nothing counts before 85 of 100 routes can be defended, nor while more than 2 of 100 requests are let through. Then
    routes give one part, two from 95 of 100 on, and three if every one can be defended.
    """
    if not rules_from(policy):
        return [False] * 6
    does = judged(policy, asked)
    held = [
        True,
        does.defended >= DEFENDED[1] * len(asked),
        does.defended == len(asked),
        does.reasoned >= REASONED * len(asked),
        not intake.dead(rules_from(policy)),
        does.stopped == 0,
    ]
    return [does.counts and one for one in held]


def remarks(policy: Mapping[str, Any], asked: list[dict[str, str]]) -> list[str]:
    """For the feedback: three requests at most that are routed as nobody can defend, and rules never reached."""
    rules = rules_from(policy)
    wrong = [
        (one, rule) for one in asked if rules and not intake.holds(one, (rule := intake.route(one, rules))["route"])
    ]
    said = [
        f'{_said({field: (value,) for field, value in one.items()})}: rule "{rule["name"]}" says '
        f"{intake.ROUTES[rule['route']]}; defensible: {', '.join(intake.ROUTES[r] for r in intake.defensible(one))}."
        for one, rule in wrong[:3]
    ]
    return said + [f'Rule "{name}" is never reached.' for name in intake.dead(rules)]


def issue(policy: Mapping[str, Any]) -> str:
    """Write `use-policy.yml` into the portfolio and return it as a page; say what is open while something is.

    policy: answers of the form "policy".
    """
    rules = rules_from(policy)
    if not rules or "order" not in policy or any(key not in policy for key in ("owner", "review")):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    paper = UsePolicy(
        organisation=policy.get("organisation") or ours.name,
        written=date.today(),
        owner=policy["owner"],
        review_in_months=policy["review"],
        rules=tuple(Rule(**rule) for rule in rules),
    )
    written = papers.write(paper)
    said = [f"- {problem}" for problem in paper.complaints(ours.model_copy(update={"name": paper.organisation}))]
    mend = ["**Before it goes out:**", "\n".join(said)] if said else []
    return "\n\n".join([papers.render(paper), *mend, f"---\n*{written}*"])
