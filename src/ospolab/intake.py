"""Requests to use a component, the rules that route them, and what can be proved about a set of rules.

A request is a dictionary with one value for each of FIELDS. A rule is {"name", "when", "route", "reason"}; `when` is
{field: [values]}, and a field that it does not name may be anything. The first rule that fits decides, so order is part
of the policy. There are only a few hundred different requests: whether a policy has a gap is counted, not guessed.

What routes are defensible is the course's reading of the licences, written down in `defensible`. Not legal advice.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

import pandas as pd
from boolean import ParseError
from license_expression import ExpressionError, get_license_index, get_spdx_licensing

from ospolab.data import load

__all__ = [
    *("CATEGORIES", "FIELDS", "REASONS", "ROUTES", "category", "clashes", "dead", "defensible", "faults", "gaps"),
    *("held_up", "holds", "let_through", "outcome", "possible", "requests", "route"),
]

# From least to most to look at: with AND the later one counts, with OR the earlier one, because we may choose.
CATEGORIES = {
    "permissive": "permissive",
    "weak-copyleft": "weak copyleft",
    "copyleft": "copyleft",
    "network-copyleft": "network copyleft",
    "not-open": "not open source",
    "unclear": "unclear",
}
FIELDS: dict[str, dict[str, str]] = {
    "licence": CATEGORIES,
    "use": {
        "build-tool": "works on what we make, and no part of it gets in",
        "component": "becomes part of what we make",
        "service": "runs as a program of its own",
    },
    "modified": {"as-is": "as it came", "changed": "changed by us"},
    "channel": {
        "inside": "stays inside",
        "network": "others use it over a network",
        "handed-out": "copies go out of the house",
    },
    "data": {"none": "none, or public", "internal": "internal", "personal": "personal"},
}
ROUTES = {
    "approve": "approve at once",
    "legal": "the legal desk",
    "security": "security and privacy",
    "reject": "reject",
}
REASONS = {
    "notices": "at most notices are owed",
    "not-handed-out": "no copy goes out, so its copyleft asks for nothing",
    "unchanged": "its network clause asks only those who changed it",
    "source": "copies go out: source is owed, of a part or of the whole",
    "network": "changed or built in, and used over a network: source may be owed to its users",
    "not-open": "it is not open source: its terms say who may use it for what",
    "unclear": "nobody can say what the licence is",
    "personal": "it handles personal data",
    "own-choice": "our own choice; the licence does not ask for it",
}

# Categories of ScanCode's licence database, which license-expression carries, in ours. All others mean: ask.
_OURS = {
    "Permissive": "permissive",
    "Public Domain": "permissive",
    "Copyleft Limited": "weak-copyleft",
    "Copyleft": "copyleft",
    **dict.fromkeys(["Source-available", "Proprietary Free", "Free Restricted", "Commercial"], "not-open"),
}
# Their network clauses differ from that of the AGPL, so no rule of ours fits them: a person reads them. (EUPL-1.2,
# article 1: giving others access to its essential functions is distribution. OSL-3.0, section 5: external deployment.)
_READ_THEM = ("EUPL-", "OSL-", "CPAL-", "RPL-", "APSL-", "NPOSL-")


# Built once: an index of two thousand licences takes seconds.
_licensing = cache(get_spdx_licensing)


@cache
def _by_key() -> dict[str, str]:
    """Category by SPDX id and by every older id of the same licence."""
    found = {}
    for entry in get_license_index():
        for key in (entry.get("spdx_license_key"), *entry.get("other_spdx_license_keys", ())):
            if key:
                found[key] = _OURS.get(entry.get("category", ""), "unclear")
    for key in found:
        if key.startswith("AGPL-"):
            found[key] = "network-copyleft"
        elif key.startswith(_READ_THEM) or key.startswith("LicenseRef-"):
            found[key] = "unclear"
    return found


def category(expression: Any) -> str:
    """The category of an SPDX expression, a key of CATEGORIES; "unclear" for anything that is not one.

    An exception (WITH) is not read: the licence counts as if it were not there.
    """
    return _category(expression) if isinstance(expression, str) and expression.strip() else "unclear"


@cache
def _category(expression: str) -> str:
    try:
        parsed = _licensing().parse(expression)
    except (ExpressionError, ParseError, AttributeError):
        return "unclear"
    return list(CATEGORIES)[_rank(parsed)]


def _rank(node: Any) -> int:
    if node.__class__.__name__ in ("AND", "OR"):
        return (max if node.__class__.__name__ == "AND" else min)(_rank(part) for part in node.args)
    node = getattr(node, "license_symbol", node)
    return list(CATEGORIES).index(_by_key().get(node.key, "unclear"))


# ------------------------------------------------------------------------------------------------------------ requests


@cache
def _possible() -> tuple[tuple[str, ...], ...]:
    every = product(*FIELDS.values())
    # What only works on a product stays inside, and gets no data of its users.
    return tuple(r for r in every if r[1] != "build-tool" or (r[3], r[4]) == ("inside", "none"))


def possible() -> list[dict[str, str]]:
    """Every request there can be, as dictionaries."""
    return [dict(zip(FIELDS, values, strict=True)) for values in _possible()]


def requests() -> pd.DataFrame:
    """A stream of requests: components and licences are real, everything else is invented.

    From `license_decisions`: component and spdx, and `licence`, its category. Use, modification, channel and data class
    are drawn with a fixed seed; the shares are assumptions, not measurements.
    """
    return _stream().copy()


@cache
def _stream() -> pd.DataFrame:
    stream = load("license_decisions")[["component", "spdx"]].copy()
    stream["licence"] = stream["spdx"].map(category)
    draw, invented = random.Random(20261128), []
    for _ in range(len(stream)):
        use = draw.choices(["build-tool", "component", "service"], [20, 60, 20])[0]
        changed = draw.choices(["as-is", "changed"], [85, 15])[0]
        channel = draw.choices(["inside", "network", "handed-out"], [35, 40, 25])[0]
        data = draw.choices(["none", "internal", "personal"], [60, 28, 12])[0]
        invented.append((use, changed, *(("inside", "none") if use == "build-tool" else (channel, data))))
    stream[["use", "modified", "channel", "data"]] = invented
    return stream.reset_index(drop=True)


# --------------------------------------------------------------------------------------------------------------- rules


def route(request: Mapping[str, str], rules: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The first rule that fits a request; None if no rule does."""
    for rule in rules:
        if all(request[field] in values for field, values in rule["when"].items()):
            return rule
    return None


def faults(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """What of the rules cannot be read as a policy: words it does not know, a name twice. A sentence each."""
    said, names = [], [rule.get("name") for rule in rules]
    said += [f'The name "{name}" stands twice.' for name in dict.fromkeys(names) if names.count(name) > 1]
    for rule in rules:
        name = rule.get("name")
        for what, known in (("route", ROUTES), ("reason", REASONS)):
            if rule.get(what) not in known:
                said.append(f'{name}: {what} is "{rule.get(what)}"; expected one of: {", ".join(known)}.')
        for field, values in rule.get("when", {}).items():
            if field not in FIELDS:
                said.append(f'{name}: there is no field "{field}"; expected one of: {", ".join(FIELDS)}.')
                continue
            strange = [value for value in values if value not in FIELDS[field]]
            said += [f'{name}: {field} is never "{v}"; expected one of: {", ".join(FIELDS[field])}.' for v in strange]
    return said


def gaps(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The possible requests that no rule answers."""
    return [request for request in possible() if route(request, rules) is None]


def dead(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of the rules that no possible request reaches, in order. A last rule for "anything" may be one of them:
    it is the net below words that nobody has thought of, so it is not counted.
    """
    reached = {rule["name"] for request in possible() if (rule := route(request, rules))}
    return [rule["name"] for at, rule in enumerate(rules) if rule["name"] not in reached and not _net(rules, at)]


def _net(rules: Sequence[Mapping[str, Any]], at: int) -> bool:
    return at == len(rules) - 1 and not rules[at]["when"]


def clashes(rules: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Contradictions: pairs (rule that decides, dead rule that would have decided otherwise), in order."""
    gone, found = set(dead(rules)), {}
    for rule in rules:
        if rule["name"] not in gone:
            continue
        for request in possible():
            if route(request, [rule]) and (first := route(request, rules))["route"] != rule["route"]:
                found[first["name"], rule["name"]] = None
    return list(found)


# ---------------------------------------------------------------------------------------------------------- judgement


def defensible(request: Mapping[str, str]) -> dict[str, set[str]]:
    """The routes that an office can defend for a request, each with the reasons that carry it.

    Where practitioners differ there are several. Read from the licence texts (GPL-2.0 section 0, GPL-3.0 sections 0 and
    2, AGPL-3.0 sections 0 and 13, MPL-2.0 section 3, LGPL-2.1 section 6), last checked 2026-11-22. Not legal advice.
    """
    licence, use, channel = request["licence"], request["use"], request["channel"]
    changed, out = request["modified"] == "changed", channel == "handed-out"
    held: dict[str, set[str]] = {}
    if licence in ("not-open", "unclear"):
        held = {"legal": {licence}, "reject": {licence}}
    elif licence == "permissive":
        held = {"approve": {"notices"} if out else {"notices", "not-handed-out"}}
    elif out and licence == "weak-copyleft":
        held = {"legal": {"source"}} | ({} if changed else {"approve": {"source"}})
    elif out:
        held = {"legal": {"source"}} | ({"reject": {"source", "own-choice"}} if use == "component" else {})
    elif licence == "network-copyleft" and channel == "network" and (changed or use == "component"):
        held = {"legal": {"network"}, "reject": {"network", "own-choice"}}
    elif licence == "network-copyleft":
        fine = ({"not-handed-out"} if channel == "inside" else set()) | (set() if changed else {"unchanged"})
        held = {"approve": fine, "legal": {"network", "source"}}
    else:
        held = {"approve": {"not-handed-out"}}
        if licence == "copyleft" and use == "component":  # inside today, in a product tomorrow
            held["legal"] = {"source"}
    if licence == "network-copyleft" and use != "build-tool":  # some companies ban it; that is policy, not law
        held.setdefault("reject", {"own-choice"})
    if request["data"] == "personal":
        held.pop("approve", None)
        held["security"] = {"personal"}
    return held


def holds(request: Mapping[str, str], route_: str | None, reason: str | None = None) -> bool:
    """Whether a route can be defended for a request; with a reason, whether that reason carries it."""
    reasons = defensible(request).get(route_ or "")
    return reasons is not None and (reason is None or reason in reasons)


def let_through(request: Mapping[str, str], rules: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the rules approve a request that somebody should have looked at."""
    rule = route(request, rules)
    return bool(rule) and rule["route"] == "approve" and "approve" not in defensible(request)


def held_up(request: Mapping[str, str], rules: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the rules stop a request about which there is nothing to decide."""
    rule = route(request, rules)
    return (rule is None or rule["route"] != "approve") and set(defensible(request)) == {"approve"}


def outcome(rules: Sequence[Mapping[str, Any]], stream: pd.DataFrame | None = None) -> dict[str, float]:
    """What the rules do to a stream of requests (default: `requests()`), in per cent of it.

    automatic: approved or rejected without a person; let through: see `let_through`; held up: see `held_up`.
    """
    asked = (_stream() if stream is None else stream)[list(FIELDS)].to_dict("records")
    decided = [(rule := route(one, rules)) is not None and rule["route"] in ("approve", "reject") for one in asked]
    shares = {
        "automatic": decided,
        "let through": [let_through(one, rules) for one in asked],
        "held up": [held_up(one, rules) for one in asked],
    }
    return {name: 100 * sum(each) / len(asked) for name, each in shares.items()}
