"""The licence policy: which licences come in by rule, who decides about the others, and how one appeals.

Two files: `policy.yml` holds the rules, for programs; `licence-policy.md` says the same to people, and who answers.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import product
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import intake, licence_policy
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued, PaperError

__all__ = ["LicencePolicy", "LicenceRules", "drawn", "issue", "may", "parts", "remarks", "rules_from"]

# What the form asks about, by row: an SPDX id; the two last have none.
ASKED = {
    "mit": "MIT",
    "bsd": "BSD-3-Clause",
    "apache": "Apache-2.0",
    "cc0": "CC0-1.0",
    "mpl": "MPL-2.0",
    "lgpl": "LGPL-2.1-or-later",
    "gpl2": "GPL-2.0-only",
    "gpl3": "GPL-3.0-or-later",
    "agpl": "AGPL-3.0-only",
    "busl": "BUSL-1.1",
    "unclear": licence_policy.UNCLEAR,
    "other": "any other",
}
NAMED = tuple(ASKED.values())[:-2]
ANSWERS = {
    "allow": "by rule, also if we change it",
    "as-is": "by rule, as it came",
    "board": "the board decides",
    "refuse": "refused by rule",
}
SHIPS = {
    "handed-out": "copies leave the house",
    "network": "others use it over a network",
    "inside": "everything stays inside",
}
DECIDES = {
    "board": "a licence board: open source office, counsel, and an engineer",
    "counsel": "counsel, on the advice of the open source office",
    "office": "the open source office, which asks counsel",
    "team": "the team that wants the component",
}
APPEALS = {
    "head": "the head of the organisation, or a deputy, who did not decide before",
    "panel": "a panel of two others than those who decided",
    "same": "those who decided, at their next meeting",
    "none": "nobody; a decision is final",
}
SCOPE = {
    "component": "component and licence",
    "project": "for which product",
    "modified": "as it came, or changed",
    "linking": "how it is joined to our code",
    "until": "until when",
    "reason": "why",
    "renews": "that it holds until somebody objects",
    "others": "that other components under the licence are covered, too",
}
SCOPE_NEEDED, SCOPE_WRONG = {"component", "project", "modified", "until", "reason"}, {"renews", "others"}
REFUSAL = {
    "reason": "the reason",
    "change": "what would change the answer",
    "way": "another way to the same end",
    "appeal": "how to appeal, and until when",
    "final": "that the question is closed for this component",
    "law": "that the law forbids it",
}
REFUSAL_NEEDED, REFUSAL_WRONG = {"reason", "change", "appeal"}, {"final", "law"}
NEEDED = ("ships", "licences", "source", "decides", "appeal", "scope", "refusal", "lasts", "owner", "review")
LONGEST, SOONEST = 18, 24  # months: until the policy is read again; until an exception ends

# What the word "any other licence" is tried with: licences that a form of twelve rows cannot name.
_OTHERS = ("EPL-2.0", "SSPL-1.0", "EUPL-1.2", "Elastic-2.0", "CC-BY-NC-4.0", "LicenseRef-acme-terms", "CDDL-1.0")

Route = Literal["allow", "board", "refuse"]


class Rule(BaseModel):
    """One rule: see `ospolab.licence_policy`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    when: dict[str, tuple[str, ...]]
    route: Route


class LicenceRules(Issued):
    """The rules of a licence policy, in the order in which they are asked; the first that fits decides."""

    NAME: ClassVar[str] = "policy"
    TITLE: ClassVar[str] = "Licence policy, as data"
    LESSON: ClassVar[str] = "counselor/governance"
    ENDING: ClassVar[Literal[".yml"]] = ".yml"

    ships: Literal["handed-out", "network", "inside"]
    rules: tuple[Rule, ...] = Field(min_length=1)

    @property
    def plain(self) -> list[dict[str, Any]]:
        """The rules as `ospolab.licence_policy` takes them."""
        return [rule.model_dump() for rule in self.rules]

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        if wrong := licence_policy.faults(self.plain):
            return said + wrong
        said += [
            f'Rules "{first}" and "{second}" contradict each other: the first takes what the second would treat '
            "otherwise."
            for first, second in licence_policy.clashes(self.plain)
        ]
        said += [f'Rule "{name}" is never reached.' for name in licence_policy.dead(self.plain)]
        if organisation.ships_products and self.ships != "handed-out":
            said.append(f"It says that {SHIPS[self.ships]}; this organisation ships devices or programs.")
        risky = [one["licence"] for one in _tried(self.plain) if _let_through(one, self.plain, self.ships)]
        if risky:
            said.append(f"It lets in what somebody should look at: {', '.join(dict.fromkeys(risky))}.")
        return said

    def words(self) -> dict[str, Any]:
        return {"rows": _rows(self.plain)}


class LicencePolicy(Issued):
    """A licence policy for people. rules: as in `policy.yml`. lasts, review_in_months: months."""

    NAME: ClassVar[str] = "licence-policy"
    TITLE: ClassVar[str] = "Licence policy"
    LESSON: ClassVar[str] = "counselor/governance"

    ships: Literal["handed-out", "network", "inside"]
    rules: tuple[Rule, ...] = Field(min_length=1)
    decides: Literal["board", "counsel", "office", "team"]
    appeal: Literal["head", "panel", "same", "none"]
    scope: tuple[str, ...]
    refusal: tuple[str, ...]
    lasts: int = Field(ge=1)
    owner: str = Field(min_length=1)
    review_in_months: int = Field(ge=1)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        said += [SAID[key] for key, held in _governed(self.model_dump()).items() if not held]
        try:
            beside = papers.read(LicenceRules)
        except (FileNotFoundError, PaperError, OSError):
            said.append("There is no policy.yml beside it that can be read.")
        else:
            if beside.rules != self.rules:
                said.append("policy.yml beside it has other rules: issue both again.")
        return said

    def words(self) -> dict[str, Any]:
        return {
            "rows": _rows([rule.model_dump() for rule in self.rules]),
            "ships": SHIPS[self.ships],
            "decides": DECIDES[self.decides],
            "appeal": APPEALS[self.appeal],
            "scope": [SCOPE[key] for key in self.scope],
            "refusal": [REFUSAL[key] for key in self.refusal],
            "review": _in_months(self.written, self.review_in_months).isoformat(),
        }


def _in_months(day: date, months: int) -> date:
    """The first day of the month that is so many months after that of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _rows(rules: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    words = {"as-is": "as it came", "changed": "changed", "missing": "no source to be found", "public": "with source"}
    rows = []
    for rule in rules:
        named = [f"`{name}`" for name in rule["when"].get("licence", ()) if name != licence_policy.UNCLEAR]
        unclear = licence_policy.UNCLEAR in rule["when"].get("licence", ())
        licence = ", ".join([*named, *(["no licence that can be read"] if unclear else [])])
        rest = [words[v] for f, values in rule["when"].items() if f != "licence" for v in values]
        when = "; ".join(filter(None, [licence, *rest])) or "anything else"
        rows.append({"when": when, "then": licence_policy.ROUTES[rule["route"]]})
    return rows


# --------------------------------------------------------------------------------------------------- from the answers


def rules_from(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rules that a form describes; [] while a licence or the question of the source is open.

    policy: answers of the form "policy": `licences`, {row: {"answer": key of ANSWERS}}, and `source`, a route.
    """
    answers = {row: cells.get("answer") for row, cells in policy.get("licences", {}).items()}
    if any(answers.get(row) is None for row in ASKED) or "source" not in policy:
        return []
    by = {key: [name for row, name in ASKED.items() if answers[row] == key and row != "other"] for key in ANSWERS}
    rest = answers["other"]
    # A wide net above named licences would take them, so what is named stands first.
    made = [
        ("no-source", {"source": ["missing"]}, policy["source"]),
        ("by-rule", {"licence": by["allow"]}, "allow"),
        ("as-it-came", {"licence": by["as-is"], "modified": ["as-is"]}, "allow"),
        ("changed", {"licence": by["as-is"], "modified": ["changed"]}, "board"),
        ("refused", {"licence": by["refuse"]}, "refuse"),
        ("to-the-board", {"licence": by["board"]}, "board"),
        *([("others-as-they-came", {"modified": ["as-is"]}, "allow")] if rest == "as-is" else []),
        ("anything-else", {}, "board" if rest == "as-is" else rest),
    ]
    return [
        {"name": name, "when": when, "route": route} for name, when, route in made if when.get("licence", True) != []
    ]


# ---------------------------------------------------------------------------------------------------------- judgement


def may(one: Mapping[str, Any], ships: str) -> dict[str, bool]:
    """What can be defended about a component, where software leaves the house as `ships` says: whether rules may
    `allow` it, and may `refuse` it; and whether there is `nothing` to decide, so that asking holds it up.

    Judged as a use policy judges a component that is built in (see `ospolab.intake.defensible`), because a licence
    policy does not know the use. Only changed weak copyleft may come in by rule here: its duty, the source of the files
    or the library, is that of the unchanged one, and `_borne_in_mind` says what it asks for. Whoever refuses copyleft
    may: that is policy. Permissive licences have nothing to refuse. Whose own code is under GPL-2.0-only has reason to
    ask about Apache-2.0, so asking holds there. CC0-1.0 waives no patents (its section 4a), and is disputed for code:
    each answer holds.
    """
    licence = one["licence"]
    if one["source"] == "missing":
        return {"allow": False, "refuse": True, "nothing": False}
    every = licence_policy.ways(licence) or [{licence_policy.UNCLEAR}]
    judged = [[_leaf(name, one["modified"], ships) for name in way] for way in every]
    return {
        "allow": any(all(leaf["allow"] for leaf in way) for way in judged),
        "refuse": all(any(leaf["refuse"] for leaf in way) for way in judged),
        "nothing": any(all(leaf["nothing"] for leaf in way) for way in judged),
    }


def _leaf(name: str, modified: str, ships: str) -> dict[str, bool]:
    category = intake.category(name)
    asked = {"licence": category, "use": "component", "modified": modified, "channel": ships, "data": "none"}
    disputed = name == "CC0-1.0"
    plain = category == "permissive" and not disputed
    return {
        "allow": category == "weak-copyleft" or "approve" in intake.defensible(asked),
        "refuse": not plain,
        "nothing": plain and name in NAMED and name != "Apache-2.0" and modified == "as-is",
    }


def _let_through(one: Mapping[str, Any], rules: list[dict[str, Any]], ships: str) -> bool:
    return licence_policy.decide(one, rules) == "allow" and not may(one, ships)["allow"]


def _borne_in_mind(rules: list[dict[str, Any]], ships: str) -> list[str]:
    """What can be defended, and asks something of somebody else: a sentence each."""
    changed, lesser = licence_policy.component("MPL-2.0", "changed"), licence_policy.component("LGPL-2.1-or-later")
    said = {
        "`MPL-2.0`, changed, comes in by rule: the source of its files has to be offered. Say who does that.": changed,
        "`LGPL-2.1-or-later` comes in by rule, and the rule cannot see how it is joined: in one binary, its section 6 "
        "asks for more. Let the use policy ask.": lesser,
    }
    handed_out = ships == "handed-out"
    return [words for words, one in said.items() if handed_out and licence_policy.decide(one, rules) == "allow"]


def _shut_out(one: Mapping[str, Any], rules: list[dict[str, Any]], ships: str) -> bool:
    return licence_policy.decide(one, rules) == "refuse" and not may(one, ships)["refuse"]


def _held_up(one: Mapping[str, Any], rules: list[dict[str, Any]], ships: str) -> bool:
    return licence_policy.decide(one, rules) != "allow" and may(one, ships)["nothing"]


def _tried(rules: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """Every licence that the form, the rules or the list of others name, changed and not, with source and without."""
    named = dict.fromkeys([*NAMED, licence_policy.UNCLEAR, *licence_policy.ids(rules), *_OTHERS])
    fields = licence_policy.FIELDS
    return [licence_policy.component(*one) for one in product(named, fields["modified"], fields["source"])]


def drawn(draw: random.Random, number: int = 60) -> list[dict[str, Any]]:
    """Components that nobody has seen: every licence alone, decisions of the real register, and combinations of two."""
    register = [one for one in licence_policy.decisions()["licence"] if one]
    named = [*NAMED, *_OTHERS]
    found = _tried()
    for _ in range(number):
        pair = f" {draw.choice(['AND', 'OR'])} ".join(draw.sample(named, 2))
        found += [
            licence_policy.component(expression, draw.choice(["as-is", "changed"]))
            for expression in (pair, draw.choice(register))
        ]
    return found


SAID = {
    "decides": "Who wants the component decides about it; let somebody else do that.",
    "appeal": "An appeal goes to nobody, or back to those who decided; let it go to others.",
    "scope": "An exception states too little or too much: it needs component and licence, product, changed or not, "
    "until when, and why. It covers nothing else, and does not go on by itself.",
    "refusal": "A refusal owes the reason, what would change it, and how to appeal. So the question is not closed, and "
    "a policy of ours is not the law.",
    "dates": f"Exceptions end within {SOONEST} months, and the policy is read again within {LONGEST}. The limits are "
    "ours: ISO/IEC 5230 wants its conformance confirmed that often, and sets no date for policies.",
}


def _governed(facts: Mapping[str, Any]) -> dict[str, bool]:
    """Whether each part of how a policy is governed holds, by key of SAID."""
    scope, refusal = set(facts.get("scope", ())), set(facts.get("refusal", ()))
    review = facts.get("review_in_months", facts.get("review", 99))
    return {
        "decides": facts.get("decides") in ("board", "counsel", "office"),
        "appeal": facts.get("appeal") in ("head", "panel"),
        "scope": scope >= SCOPE_NEEDED and not scope & SCOPE_WRONG,
        "refusal": refusal >= REFUSAL_NEEDED and not refusal & REFUSAL_WRONG,
        "dates": facts.get("lasts", 99) <= SOONEST and review <= LONGEST,
    }


def parts(policy: Mapping[str, Any], asked: list[dict[str, Any]]) -> list[bool | float]:
    """How far a policy holds, six equal parts: two if something in `asked` comes in by rule, and nothing that somebody
    should look at; one if nothing is refused or held up without need, which counts only with the first two; and three
    for who decides and hears appeals, for what exceptions and refusals state, and for their dates.
    """
    rules = rules_from(policy)
    if not rules or any(key not in policy for key in NEEDED):
        return [False] * 6
    ships, held = policy["ships"], _governed(policy)
    decides_at_all = any(licence_policy.decide(one, rules) == "allow" for one in asked)
    tight = decides_at_all and not any(_let_through(one, rules, ships) for one in asked)
    needless = any(_shut_out(one, rules, ships) or _held_up(one, rules, ships) for one in asked)
    decides = (held["decides"] + held["appeal"]) / 2
    states = (held["scope"] + held["refusal"]) / 2
    return [tight, tight, tight and not needless, decides, states, held["dates"]]


def remarks(policy: Mapping[str, Any], asked: list[dict[str, Any]]) -> list[str]:
    """For the feedback: at most three licences each that come in, or are refused or held up, as nobody can defend, and
    what is missing in how the policy is governed."""
    rules = rules_from(policy)
    if not rules or "ships" not in policy:
        return []
    kinds = {
        "comes in by rule, and somebody should look": _let_through,
        "is refused by rule, and there is nothing against it": _shut_out,
        "is held up, and there is nothing to decide": _held_up,
    }
    words = {"as-is": "as it came", "changed": "changed", "missing": ", without source", "public": ""}
    said = []
    for told, wrong in kinds.items():
        found = [one for one in asked if wrong(one, rules, policy["ships"])]
        said += [
            f"{one['licence']}, {words[one['modified']]}{words[one['source']]}: {told} "
            f'(rule "{licence_policy.deciding(one, rules)[1]}"; {SHIPS[policy["ships"]]}).'
            for one in found[:3]
        ]
    return said + [SAID[key] for key, held in _governed(policy).items() if not held]


def issue(policy: Mapping[str, Any]) -> str:
    """Write `licence-policy.md` and `policy.yml` into the portfolio and return the first as a page; say what is open
    while something is. policy: answers of the form "policy".
    """
    rules = rules_from(policy)
    if not rules or any(key not in policy for key in NEEDED):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    facts = {
        "organisation": policy.get("organisation") or ours.name,
        "written": date.today(),
        "ships": policy["ships"],
        "rules": tuple(Rule(**rule) for rule in rules),
    }
    data = LicenceRules(**facts)
    paper = LicencePolicy(
        **facts,
        review_in_months=policy["review"],
        **{key: policy[key] for key in ("decides", "appeal", "lasts", "owner")},
        **{key: tuple(policy[key]) for key in ("scope", "refusal")},
    )
    both = f"{papers.write(data)} {papers.write(paper)}"
    whose = ours.model_copy(update={"name": paper.organisation})
    said = [f"- {problem}" for problem in [*data.complaints(whose), *paper.complaints(whose)]]
    mend = ["**Before it goes out:**", "\n".join(said)] if said else []
    if kept := _borne_in_mind(rules, policy["ships"]):
        mend += ["**Can be defended, and asks for something:**", "\n".join(f"- {words}" for words in kept)]
    return "\n\n".join([papers.render(paper), *mend, f"---\n*{both}*"])
