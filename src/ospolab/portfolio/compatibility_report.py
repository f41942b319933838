"""The compatibility report: what meets in a product, what is in conflict, what is done, which risk is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab.compatibility import WORDS
from ospolab.data import load
from ospolab.lessons import labels
from ospolab.portfolio import cra_role, organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["CompatibilityReport", "for_us", "issue", "parts"]

FIXED = ("Unidecode", "PyMuPDF")
DONE = {
    "keep": "kept as it is",
    "apart": "run as a program of its own",
    "replace": "replaced",
    "buy": "used under another licence bought from its owner",
}
BOUGHT = {"PyMuPDF"}  # of the parts in question, those whose owner sells another licence
UNREAD = {"psycopg-libs": "unknown"}  # parts of which nobody knows yet what they ask for
ASKED = ("requests", "dulwich", "numpy", "libzmq", "psycopg", "git", *UNREAD)
RISKS = {
    "import": "whether an import makes one work is read in more than one way; we take the careful reading",
    "matrix": "the matrix is of May 2024; before each release we look whether it has changed",
    "label": "thirteen files in psycopg's wheel carry no licence text; the release waits until their licences are read",
    "later": "the conflicts are known; this release goes out with them, the next one mends them",
    "nobody": "nobody looks inside the wheels, so what is bundled is left out",
}
SOUND_RISKS = {"import", "matrix", "label"}
OWNERS = {
    "office": "the open source programme office",
    "product": "the product team",
    "legal": "the legal department",
}
EVIDENCE_NEEDED = {"3.3.1.2"}
EVIDENCE_ALSO = {"3.1.5.1", "3.2.2.5", "3.3.2.1"}
NEEDED = ("outbound", "fixes", "duties", "risks", "owner", "role", "evidence", "review")
FOR_US = {
    "business": "Customers may ask for this page before they sign; it belongs into the file of the release.",
    "education": "Theses and projects end, the licences of what they leave do not. Keep this page with the code.",
    "business-education": "What participants take home is a copy: the notices go with the course material as well.",
    "government": "Put both lists into the contract: what the supplier may build in, and which sources come with it.",
    "non-government": "Volunteers build on what we publish: one outbound licence, said once, saves them this work.",
}


class Row(BaseModel):
    """One part as it was decided. word: a key of WORDS, after what was done; "" where it is not in the product."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    part: str
    licence: str
    done: Literal["keep", "apart", "replace", "buy"]
    word: Literal["", "free", "notices", "source", "ask", "conflict"]


class CompatibilityReport(Issued):
    """A compatibility report. outbound: under which the whole is passed on. rows: what became of each part. risks: keys
    of RISKS that are accepted. evidence: verification materials of ISO/IEC 5230:2020.
    """

    NAME: ClassVar[str] = "compatibility-report"
    TITLE: ClassVar[str] = "Compatibility report"
    LESSON: ClassVar[str] = "counselor/compliance"

    product: str
    outbound: str
    rows: tuple[Row, ...] = Field(min_length=1)
    risks: tuple[str, ...]
    owner: Literal["office", "product", "legal"]
    role: cra_role.Role
    evidence: tuple[str, ...]
    for_us: tuple[str, ...]
    review_in_months: int = Field(ge=1)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        said += [
            f"{row.part} is in conflict with {self.outbound}, and nothing is done about it."
            for row in self.rows
            if row.word == "conflict"
        ]
        if bad := set(self.risks) - SOUND_RISKS:
            said += [f"No risk to accept, but a breach that is known: {RISKS.get(key, key)}." for key in sorted(bad)]
        return said + cra_role.complaints(self.role, organisation)

    def words(self) -> dict[str, Any]:
        topics = load("openchain_5230").set_index("material").topic
        return {
            "done": DONE,
            "owed": {"": "not in the product", "bought": "what the bought licence asks for; see its contract", **WORDS},
            "risks": [RISKS[key] for key in self.risks],
            "owner": OWNERS[self.owner],
            "role": cra_role.ROLES[self.role],
            "evidence": [f"{key}, {topics[key]}" for key in self.evidence],
        }


def for_us(ours: Organisation) -> tuple[str, ...]:
    """What the report means for an organisation of this kind: for its sector, for what it ships, for its size."""
    said = [FOR_US[ours.segment]]
    if "device" in ours.ships:
        said.append(
            "We ship devices as well: what is licensed under a version 3 of the GPL family may not go into a device "
            "for consumers, or for building into a home, that its maker can update and its buyer cannot. Ask this "
            "again before it is built into one."
        )
    elif ours.ships_products:
        said.append("Copies leave the house with every release, so texts, notices and sources leave with them.")
    elif "saas" in ours.ships:
        said.append(
            "We mostly run services. There licences with a network clause ask, the AGPL if we changed it or built it "
            "in; and what we send to browsers is a copy."
        )
    else:
        said.append("Little of ours leaves the house today. The day it does, this page is where to begin.")
    if ours.people < 50:
        said.append("We have no lawyer of our own: agree with an outside one which of the open questions go to them.")
    return tuple(said)


def _left(report: Mapping[str, Any]) -> dict[str, str]:
    """What holds for each part after the fixes of the form: part -> word."""
    chosen = {part: cell.get("fix", "keep") for part, cell in report.get("fixes", {}).items()}
    return labels.left(report["outbound"], chosen)


def parts(report: Mapping[str, Any]) -> list[float]:
    """How far each part of a report holds: no conflict is left; the share of duties that are right; sound risks with an
    owner, a role and a date to look again; the evidence for ISO/IEC 5230. report: answers of the form, any may be
    missing.
    """
    fixed = {part: cell.get("fix") for part, cell in report.get("fixes", {}).items()}
    solved = 0.0
    if "outbound" in report and None not in (fixed.get(part) for part in FIXED):
        wrong_shop = any(what == "buy" and part not in BOUGHT for part, what in fixed.items())
        solved = float("conflict" not in _left(report).values() and not wrong_shop)
    # What they ask for is the same under every outbound licence that can take them in.
    owed, duties = {**labels.left("Apache-2.0", {}), **UNREAD}, report.get("duties", {})
    right = sum(duties.get(part, {}).get("duty") == owed[part] for part in ASKED) / len(ASKED)
    risks, evidence = set(report.get("risks", ())), set(report.get("evidence", ()))
    return [
        solved,
        max(0.0, 2 * right - 1),  # one answer for all would be right for nearly half: points begin there
        float(bool(risks) and risks <= SOUND_RISKS and {"owner", "role", "review"} <= report.keys()),
        float(EVIDENCE_NEEDED <= evidence <= EVIDENCE_NEEDED | EVIDENCE_ALSO),
    ]


def issue(report: Mapping[str, Any]) -> str:
    """Write `compatibility-report.md` into the portfolio and return its text; while answers are missing, say that.

    report: answers of the form "report".
    """
    fixed = {part: cell.get("fix") for part, cell in report.get("fixes", {}).items()}
    if any(field not in report for field in NEEDED) or None in (fixed.get(part) for part in FIXED):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours, words = organisation.current(), _left(report)
    rows = tuple(
        Row(part=p.name, licence=p.licence, done=fixed.get(p.name, "keep"), word=words.get(p.name, ""))
        for p in labels.PARTS
    )
    paper = CompatibilityReport(
        organisation=report.get("organisation") or ours.name,
        written=date.today(),
        product=labels.PRODUCT,
        outbound=report["outbound"],
        rows=rows,
        risks=tuple(report["risks"]),
        owner=report["owner"],
        role=report["role"],
        evidence=tuple(report["evidence"]),
        for_us=for_us(ours),
        review_in_months=report["review"],
    )
    return f"{papers.render(paper)}\n\n---\n*{papers.write(paper)}*"
