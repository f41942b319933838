"""The use policy: the rules that route requests to use a component, as data that a program can follow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import intake
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["CANDIDATES", "NET", "UsePolicy", "issue", "parts", "remarks", "rules_from"]

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
FEWEST = 0.95  # part of the requests that must be routed well before anything else of a policy counts
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


def _said(when: Mapping[str, tuple[str, ...]]) -> str:
    said = [" or ".join(intake.FIELDS.get(field, {}).get(v, v) for v in values) for field, values in when.items()]
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


def parts(policy: Mapping[str, Any], asked: list[dict[str, str]]) -> list[bool | float]:
    """How far a policy holds, six equal parts: three for routes of the requests in `asked`, one each for reasons, for
    no rule that is never reached, and for nobody held up without need. The last three count only with routes.

    Routes give all three if every one can be defended, two if 95 of 100 can.
    """
    rules = rules_from(policy)
    if not rules:
        return [False] * 6
    decided = [(one, intake.route(one, rules)) for one in asked]
    good = sum(intake.holds(one, rule["route"]) for one, rule in decided) / len(asked)
    reasoned = sum(intake.holds(one, rule["route"], rule["reason"]) for one, rule in decided) / len(asked)
    enough = good >= FEWEST
    return [
        enough,
        enough,
        good == 1,
        enough and reasoned >= REASONED,
        enough and not intake.dead(rules),
        enough and not any(intake.held_up(one, rules) for one in asked),
    ]


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
