"""Bills of materials: whether a CycloneDX file keeps its schema, how complete it is, and what differs between two.

A bill of materials here is the JSON object of a CycloneDX 1.6 file, as `ospolab.data.document` reads it. Nothing in
this module knows whether what a file says is true: it can only see what is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd
from license_expression import ExpressionError, get_spdx_licensing
from packageurl import PackageURL

__all__ = [
    "APPROVED",
    "CISA_DRAFT",
    "ELEMENTS",
    "NTIA",
    "STOPPED",
    "changes",
    "completeness",
    "components",
    "gate",
    "key",
    "licence",
    "linked",
    "problems",
    "unknown",
]

# The seven data fields of the minimum elements of NTIA (July 2021), in the order of that report, and the four that the
# draft of CISA (August 2025) adds. Names of fields are facts; the words are ours.
ELEMENTS = {
    "supplier": "who makes the component",
    "name": "its name",
    "version": "its version",
    "identifier": "another unique identifier, such as a package URL",
    "relationship": "how the components depend on each other",
    "author": "who made the list",
    "timestamp": "when the list was made",
    "hash": "a check sum of the component",
    "licence": "its licence",
    "tool": "which tool made the list",
    "context": "at which point of the build the list was made",
}
NTIA = tuple(ELEMENTS)[:7]
CISA_DRAFT = tuple(ELEMENTS)

# What people write into a field so that it is not empty.
FILLERS = {"", "-", "n/a", "na", "none", "noassertion", "null", "tbd", "todo", "unknown"}
STRONG_HASHES = {"SHA-256", "SHA-384", "SHA-512", "SHA3-256", "SHA3-384", "SHA3-512", "BLAKE2b-256", "BLAKE2b-512"}

# The two lists of this lab's gate: ids that it stops at, by their beginning, and ids that go through. What is on
# neither is asked. Both are a choice: which licence may go where is the use policy of an office.
STOPPED = ("AGPL-", "GPL-", "LGPL-", "EUPL-", "OSL-")
APPROVED = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "HPND", "ISC", "MIT", "MIT-CMU", "PSF-2.0", "Zlib"}


def key(name: str) -> str:
    """A Python package's name as its index compares it: small letters, and one "-" for each run of "-", "_" and ".".

    Source: Python packaging specifications, name normalisation (PEP 503).
    """
    return re.sub(r"[-_.]+", "-", name).lower()


# Valid


@cache
def _validator():
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6)


def problems(bom: Mapping[str, Any]) -> list[str]:
    """Where a file breaks the schema of CycloneDX 1.6, a line each: place and reason; [] for a valid one."""
    found = _validator().validate_str(json.dumps(bom), all_errors=True) or []
    return [f"{_place(one.data.absolute_path)}: {one.data.message[:160]}" for one in found]


def _place(path) -> str:
    return ".".join(map(str, path)) or "the file"


# What is in it


def components(bom: Mapping[str, Any]) -> pd.DataFrame:
    """The components as a table: name, version, purl, licence (see `licence`), clear; "" where a field is missing.

    One row a component, indexed by its package URL without version (by its name where there is none).
    """
    rows = []
    for one in bom.get("components", []):
        says, clear = licence(one)
        rows.append(
            {
                "key": _identity(one),
                "name": one.get("name", ""),
                "version": one.get("version", ""),
                "purl": one.get("purl", ""),
                "licence": says,
                "clear": clear,
            }
        )
    columns = ["key", "name", "version", "purl", "licence", "clear"]
    return pd.DataFrame(rows, columns=columns).set_index("key")


def _identity(component: Mapping[str, Any]) -> str:
    url = _purl(component)
    if url is None:
        return key(component.get("name", ""))
    # The library keeps the dots of a Python package's name, as the specification once did; the index takes hyphens.
    name = key(url.name) if url.type == "pypi" else url.name
    return PackageURL(url.type, url.namespace, name).to_string()


def _purl(component: Mapping[str, Any]) -> PackageURL | None:
    try:
        return PackageURL.from_string(component["purl"])
    except (KeyError, ValueError):
        return None


def licence(component: Mapping[str, Any]) -> tuple[str, bool]:
    """What a component says about its licence, and whether a machine can act on it: ("MIT", True).

    Clear is exactly one SPDX id or one valid SPDX expression. A list of several licences is not: CycloneDX does not say
    whether "and" or "or" stands between them. A classifier that only repeats the one id (several ways to write
    "Apache-2.0" beside the id) is left out before counting. ("", False) for a component without licences.
    """
    said = [_one_licence(entry) for entry in component.get("licenses", [])]
    ids = [words for words, is_id in said if is_id]
    names = [words for words, is_id in said if not is_id]
    names = [words for words in names if not any(_repeats(words, id_) for id_ in ids)]
    shown = "; ".join([*ids, *names])
    return shown, len(ids) == 1 and not names and _valid(ids[0])


def _one_licence(entry: Mapping[str, Any]) -> tuple[str, bool]:
    if "expression" in entry:
        return entry["expression"], True
    inner = entry.get("license", {})
    name = inner.get("name", "").removeprefix("License :: ").removeprefix("OSI Approved :: ")
    return (inner["id"], True) if "id" in inner else (name, False)


# Classifiers that say less than the id beside them, and nothing else. A classifier without version or variant cannot
# replace an id, but it does not contradict it.
_FAMILIES = {
    "BSD License": ("BSD-",),
    "Apache Software License": ("Apache-",),
    "MIT License": ("MIT",),
    "Mozilla Public License 2.0 (MPL 2.0)": ("MPL-2.0",),
    "Python Software Foundation License": ("PSF-", "Python-2.0"),
    "ISC License (ISCL)": ("ISC",),
}


def _repeats(classifier: str, id_: str) -> bool:
    return id_.startswith(_FAMILIES.get(classifier, ("?",)))


@cache
def _valid(expression: str) -> bool:
    """Whether this is an SPDX expression of ids that exist: "GPL" is none."""
    licensing = _licensing()
    try:
        parsed = licensing.parse(expression, validate=True, strict=True)
    except (ExpressionError, AttributeError):
        return False
    # The library also knows everyday names; only ids as SPDX writes them count here.
    return parsed is not None and parsed.render() == licensing.parse(parsed.render()).render() == _spaced(expression)


@cache
def _licensing():
    return get_spdx_licensing()


def _spaced(expression: str) -> str:
    return " ".join(expression.split())


# Complete


def linked(bom: Mapping[str, Any]) -> set[str]:
    """References of the components that the graph reaches from the product the list is about; empty without one."""
    root = bom.get("metadata", {}).get("component", {}).get("bom-ref")
    edges = {one["ref"]: one.get("dependsOn", []) for one in bom.get("dependencies", [])}
    seen, waiting = set(), list(edges.get(root, []))
    while waiting:
        if (ref := waiting.pop()) not in seen:
            seen.add(ref)
            waiting += edges.get(ref, [])
    return seen


def completeness(bom: Mapping[str, Any], elements: tuple[str, ...] = NTIA) -> pd.DataFrame:
    """Per cent of components that have each element, indexed by element, in three columns; 100 only if all have it.

    written: the field holds something. usable: something one can work with: no filler ("unknown"), a package URL with a
    version, a licence that is one valid SPDX expression, a hash that still holds (SHA-256 or better), a component that
    the graph reaches from the product. author, timestamp, tool and context are about the list: 0 or 100. marked: the
    component says of the element that it is unknown (see `unknown`), as the minimum elements ask for.

    Source: NTIA, The Minimum Elements For a Software Bill of Materials, July 2021 (the first seven); CISA, draft of
    August 2025 (the others). How CycloneDX fields answer them, and what counts as usable, is this lab's reading.
    """
    parts, about = bom.get("components", []), bom.get("metadata", {})
    graph = {one["ref"] for one in bom.get("dependencies", [])}
    reached = linked(bom)
    rows = {element: _of_list(element, about) for element in elements}
    for element, found in rows.items():
        if found is None:
            answers = [
                (*_of_component(element, one, graph, reached), unknown(element) in one.get("properties", []))
                for one in parts
            ]
            found = [sum(column) / len(parts) for column in zip(*answers, strict=True)] if parts else [0, 0, 0]
        rows[element] = [_per_cent(share) for share in found]
    columns = ["written", "usable", "marked"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("element")


def _per_cent(share: float) -> int:
    """In whole per cent, where 100 means all and 0 none: 205 of 206 are 99."""
    return round(100 * share) if share in (0, 1) else min(max(round(100 * share), 1), 99)


def unknown(element: str) -> dict[str, str]:
    """The property that marks an element of a component as unknown. CycloneDX has no word of its own for it."""
    return {"name": f"ospolab:{element}", "value": "unknown"}


def _of_list(element: str, about: Mapping[str, Any]) -> list[bool] | None:
    """(written, usable, marked) of an element that is about the list; None for one about components."""
    fields = {
        "author": ("authors", "manufacturer"),
        "timestamp": ("timestamp",),
        "tool": ("tools",),
        "context": ("lifecycles",),
    }.get(element)
    if fields is None:
        return None
    values = [about[field] for field in fields if about.get(field)]
    return [bool(values), any(_meant(json.dumps(value)) for value in values), False]


def _of_component(element: str, one: Mapping[str, Any], graph: set[str], reached: set[str]) -> tuple[bool, bool]:
    ref = one.get("bom-ref")
    if element == "supplier":
        written = one.get("supplier", {}).get("name") or one.get("manufacturer", {}).get("name") or ""
        return bool(written), _meant(written)
    if element == "identifier":
        url = _purl(one)
        other = bool(one.get("cpe") or one.get("swid"))
        return bool(one.get("purl")) or other, bool(url and url.version) or other
    if element == "relationship":
        return ref in graph, ref in reached
    if element == "hash":
        sums = [
            *one.get("hashes", []),
            *(h for ref in one.get("externalReferences", []) for h in ref.get("hashes", [])),
        ]
        return bool(sums), any(h.get("alg") in STRONG_HASHES for h in sums)
    if element == "licence":
        says, clear = licence(one)
        return bool(says), clear
    written = one.get(element, "")
    return bool(written), _meant(written)


def _meant(value: str) -> bool:
    words = [word for word in re.findall(r"[\w/.-]+", value.lower()) if word != "name"]
    return any(word not in FILLERS for word in words)


# What changed


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> pd.DataFrame:
    """What differs between two lists: one row a component that was added, removed, or has another version or licence.

    Columns: change (added, removed, changed), from, to (versions), licence before, licence after, clear (of the licence
    after). Components are the same if their package URLs are, without version; so `Pillow` and `pillow` are one.
    """
    before, after = components(old), components(new)
    rows = []
    for name in sorted({*before.index, *after.index}):
        a, b = (table.loc[name] if name in table.index else None for table in (before, after))
        if a is not None and b is not None and (a.version, a.licence) == (b.version, b.licence):
            continue
        rows.append(
            {
                "component": name.rpartition("/")[2],
                "change": "added" if a is None else "removed" if b is None else "changed",
                "from": "" if a is None else a.version,
                "to": "" if b is None else b.version,
                "licence before": "" if a is None else a.licence,
                "licence after": "" if b is None else b.licence,
                "clear": False if b is None else bool(b.clear),
            }
        )
    columns = ["component", "change", "from", "to", "licence before", "licence after", "clear"]
    return pd.DataFrame(rows, columns=columns).set_index("component")


def gate(change: str, before: str, after: str, clear: bool) -> str:
    """The verdict of this lab's gate on one row of `changes`: "block", "ask" or "pass".

    pass: it goes out, stays under the same licence, or comes in under an approved one. block: what comes in cannot be
    had without a licence on the stop list; of licences joined by OR one may be chosen. ask: everything else, above all
    what is on neither list and what no machine can read. Raises ValueError for an unknown change.
    """
    if change not in ("added", "removed", "changed"):
        raise ValueError(f'change is "{change}"; expected added, removed or changed')
    if change == "removed" or (change == "changed" and before == after):
        return "pass"
    if not clear:
        return "ask"
    listed = _listed(_licensing().parse(after))
    return "ask" if listed == "pass" and change == "changed" else listed


def _listed(expression: Any) -> str:
    """On which list an expression is: "pass", "block", or "ask" for neither. The order is also from light to heavy."""
    order = ("pass", "ask", "block")
    if parts := getattr(expression, "args", ()):
        choose = min if type(expression).__name__ == "OR" else max
        return choose((_listed(part) for part in parts), key=order.index)
    name = expression.render()
    if name.startswith(STOPPED):
        return "block"
    return "pass" if name in APPROVED else "ask"
