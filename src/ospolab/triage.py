"""From a bill of materials to what is done first: matching by version range, severity, the written policy, the clock.

A finding is one advisory whose version range holds one component's version. That is all it is: it does not say that
the weak code is reached, and a component without a finding is not one without weaknesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from cvss import CVSS3, CVSS4
from cvss.exceptions import CVSSError
from univers.versions import InvalidVersion, PypiVersion

from ospolab.data import load

__all__ = [
    "HIGH",
    "POLICY",
    "affected",
    "affected_as_text",
    "clock",
    "components",
    "findings",
    "known_exploited",
    "score",
    "severity",
    "tier",
    "upgrades",
    "work_off",
]

HIGH = 7.0  # from here on CVSS, version 3 and version 4 alike, calls a score high
REACH = ("yes", "no", "unknown")

# The policy of this lab, our own choice: every office has to make one. Read from the top; the first that fits counts.
POLICY = {
    "say": "Shown not to be ours: the code is not there, is not reached, or is mended. Nothing to fix; say so.",
    "now": "Known to be used in attacks, and nobody has shown that it cannot be reached. Start today.",
    "next": "Reached, and severity 7.0 or more, or unknown. In the next release, within 30 days.",
    "plan": "Reached, and severity below 7.0. With the regular update, within 90 days.",
    "look": "Nobody knows whether it is reached. Look within five working days, then decide.",
}


# Matching


def affected(version: str, introduced: str, fixed: str = "", last_affected: str = "") -> bool:
    """Whether a version lies in an affected range, by the order of versions that PEP 440 gives.

    introduced belongs to the range, "0" is the very first version; fixed does not belong to it; last_affected does.
    Without fixed and last_affected the range has no end. Raises ValueError for a version that PEP 440 does not know.
    """
    at = _version(version)
    if at < _version(introduced):
        return False
    if fixed and not at < _version(fixed):
        return False
    return not last_affected or at <= _version(last_affected)


def affected_as_text(version: str, introduced: str, fixed: str = "", last_affected: str = "") -> bool:
    """The same question answered the wrong way, by comparing versions as text: for the lesson's trap only."""
    if version < introduced or (fixed and version >= fixed):
        return False
    return not last_affected or version <= last_affected


def _version(text: str) -> PypiVersion:
    try:
        return PypiVersion(text)
    except InvalidVersion:
        raise ValueError(f'"{text}" is no version by PEP 440; expected something like 1.10 or 2.0rc1') from None


def components(bom: Mapping[str, Any]) -> pd.DataFrame:
    """The components of a CycloneDX bill of materials: columns ecosystem, package, version, purl.

    The ecosystem is the type in the package URL (pypi, npm, deb), "" for a component without one. Names on PyPI are
    brought into their one form (PEP 503: Jinja2 is jinja2), as advisories have them. version: "" if none is given.
    """
    rows = []
    for part in bom.get("components", ()):
        purl, name = part.get("purl", ""), part["name"]
        ecosystem = purl.removeprefix("pkg:").partition("/")[0]
        if ecosystem == "pypi":
            name = re.sub(r"[-_.]+", "-", name).lower()
        rows.append((ecosystem, name, part.get("version", ""), purl))
    return pd.DataFrame(rows, columns=["ecosystem", "package", "version", "purl"])


def findings(parts: pd.DataFrame, advisories: pd.DataFrame, match=affected) -> pd.DataFrame:
    """The findings for the PyPI components of `parts`: one row for each component and advisory.

    parts: as from `components`; one without a version cannot be matched, and has no findings.
    advisories: the table of that name. match: how a version is tested against a range.
    Columns: package, version, advisory_id, cve ("" where the record names none), fixed (first safe version of the range
    that holds the version, "" where none is named), score (CVSS, NaN where the record has none), published.
    """
    rows = []
    for part in parts[(parts.ecosystem == "pypi") & (parts.version != "")].itertuples():
        for row in advisories[advisories["package"] == part.package].itertuples():
            if match(part.version, row.introduced, row.fixed, row.last_affected):
                cves = [name for name in row.aliases.split(";") if name.startswith("CVE-")]
                about = (part.package, part.version, row.advisory_id, cves[0] if cves else "", row.fixed)
                rows.append((*about, score(row.cvss_vector), row.published))
    columns = ["package", "version", "advisory_id", "cve", "fixed", "score", "published"]
    found = pd.DataFrame(rows, columns=columns)
    return found.drop_duplicates(["package", "version", "advisory_id"]).reset_index(drop=True)


# Severity


def score(vector: str) -> float:
    """The score of a CVSS vector, version 3.0, 3.1 or 4.0, from 0 to 10; NaN for "", which means unknown, not low.

    Of version 4.0 it is the score with the threat metrics that the vector holds (E, exploit maturity).
    Raises ValueError for anything else. Source: FIRST, specification documents of CVSS v3.1 and v4.0.
    """
    if not vector:
        return float("nan")
    reader = {"CVSS:3.0": CVSS3, "CVSS:3.1": CVSS3, "CVSS:4.0": CVSS4}.get(vector[:8])
    try:
        if reader is None:
            raise ValueError
        return float(reader(vector).base_score)
    except (ValueError, CVSSError):
        raise ValueError(f'"{vector}" is no CVSS vector of version 3 or 4, such as CVSS:3.1/AV:N/...') from None


def severity(points: float) -> str:
    """The word that CVSS has for a score: none, low, medium, high, critical; "unknown" for NaN."""
    if pd.isna(points):
        return "unknown"
    if not 0 <= points <= 10:
        raise ValueError(f"a CVSS score lies between 0 and 10, not at {points}")
    return next(word for least, word in _WORDS if points >= least)


_WORDS = ((9.0, "critical"), (HIGH, "high"), (4.0, "medium"), (0.1, "low"), (0.0, "none"))


# What is done first


def tier(exploited: bool, reach: str, points: float) -> str:
    """Where the policy of this lab puts a finding: "say", "now", "next", "plan" or "look"; see POLICY.

    exploited: known to be used in attacks. reach: "yes", "unknown", or "no", which means shown and not supposed.
    points: CVSS score, NaN if there is none.
    """
    if reach not in REACH:
        raise ValueError(f'reach is "{reach}"; expected one of {", ".join(REACH)}')
    if reach == "no":
        return "say"
    if exploited:
        return "now"
    if reach == "unknown":
        return "look"
    return "plan" if points < HIGH else "next"  # NaN is not below anything: unknown counts as high


def upgrades(found: pd.DataFrame, reach: Mapping[str, str], exploited: Iterable[str] = ()) -> pd.DataFrame:
    """The findings by what is really done: one row a package, because one upgrade closes all its findings.

    found: as from `findings`. reach: package -> "yes", "no" or "unknown". exploited: advisory ids known to be used.
    Columns: findings, to (the first version in which all of these are mended, "" if one has no fix; it may have
    findings of its own, so match it again), score (highest known, else NaN),
    oldest (first publication), reach, exploited, tier (the most urgent of its findings').
    """
    known, urgency = set(exploited), [*list(POLICY)[1:], "say"]
    rows = []
    for package, mine in found.groupby("package"):
        tiers = {tier(row.advisory_id in known, reach[package], row.score) for row in mine.itertuples()}
        fixes = list(mine.fixed)
        rows.append(
            {
                "package": package,
                "findings": len(mine),
                "to": "" if "" in fixes else str(max(map(_version, fixes))),
                "score": mine.score.max(),
                "oldest": mine.published.min(),
                "reach": reach[package],
                "exploited": bool(known & set(mine.advisory_id)),
                "tier": min(tiers, key=urgency.index),
            }
        )
    return pd.DataFrame(rows).set_index("package")


def work_off(todo: pd.DataFrame, order: list[str], budget: int, also_unknown: bool = False) -> pd.Series:
    """Reached findings that are still open at the start of each week, if `budget` packages are upgraded each week.

    todo: as from `upgrades`. order: all its packages. also_unknown: count findings of unknown reach as reached.
    Index: the week, from 0 to the first in which nothing is left to upgrade. The sum is the exposure, in finding-weeks.
    """
    if budget < 1:
        raise ValueError(f"the budget is {budget} upgrades a week; it takes at least one to get anywhere")
    counts = todo.findings.where(todo.reach.isin(["yes", "unknown"] if also_unknown else ["yes"]), 0)
    weeks = range(-(-len(order) // budget) + 1)
    return pd.Series([int(counts[order[week * budget :]].sum()) for week in weeks], index=weeks, name="open")


# The clock of Article 14


def clock(kind: str, aware: datetime, notified: datetime | None = None, fix: datetime | None = None) -> dict:
    """By when a manufacturer reports under Article 14 of the Cyber Resilience Act: {report: latest time}.

    kind: "vulnerability" (actively exploited) or "incident" (severe). aware: when the manufacturer became aware; hours
    run through nights and weekends. notified: when the 72-hour notification was sent; if it is not given, its deadline.
    fix: when a corrective or mitigating measure became available; without one, a vulnerability's final report has no
    date yet (None). Plain hours, days and months, which is the careful way: Article 3 of Regulation (EEC, Euratom)
    No 1182/71 leaves out the hour or day of the event, lets terms in days and months run to the end of their last day,
    and, if that is no working day, of the next. Last checked 2026-11-28. Not legal advice.
    Source: Regulation (EU) 2024/2847, Article 14(2) and (4).
    """
    by = {"early warning": aware + timedelta(hours=24), "notification": aware + timedelta(hours=72)}
    if kind == "vulnerability":
        return by | {"final report": fix + timedelta(days=14) if fix else None}
    if kind == "incident":
        sent = notified or by["notification"]
        return by | {"final report": (pd.Timestamp(sent) + pd.DateOffset(months=1)).to_pydatetime()}
    raise ValueError(f'kind is "{kind}"; expected vulnerability or incident')


def known_exploited() -> set[str]:
    """CVE ids in the table known_exploited."""
    return set(load("known_exploited").cve)
