"""The triage report: what was found in a product, what is done about it in which order, and how outsiders reach us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import triage
from ospolab.data import document, load
from ospolab.lessons import triaging
from ospolab.portfolio import organisation, papers, vex_file
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["TriageReport", "for_us", "issue", "parts", "vex_parts"]

ROLES = {
    "manufacturer": "manufacturer; we market it under our own name in the European Union",
    "steward": "open-source software steward; we support it, and others use it commercially",
    "neither": "neither manufacturer nor steward",
    "counsel": "not settled; counsel is asked",
}
CONTACTS = {
    "mailbox": "a mailbox of the role, read by more than one person",
    "form": "the private reporting form of the repository",
    "tracker": "the public issue tracker",
    "engineer": "the engineer who knows it best",
}
PRIVATE = {"mailbox", "form"}
SECURITY_FILE = {
    "channel": "how to report in private",
    "versions": "which versions get fixes",
    "answer": "by when a first answer comes",
    "disclosure": "when and how we publish, and that reporters are named if they wish",
    "open-list": "the details of what is not fixed yet",
    "names": "names and telephone numbers of our engineers",
    "nda": "that a reporter signs a confidentiality agreement first",
}
SECURITY_NEEDED, SECURITY_WRONG = {"channel", "versions", "answer"}, {"open-list", "names", "nda"}
EVIDENCE_NEEDED, EVIDENCE_ALSO = {"4.3.1.2", "4.3.2.2", "4.2.1.1"}, {"4.2.1.2", "4.3.2.1"}
OWNERS = {
    "security": "the product security team",
    "engineering": "the engineering team that builds it",
    "office": "the open source programme office",
}
NEEDED = (
    *("first", "owner", "decision", "role", "contact"),
    *("security-file", "evidence", "review"),
)
FOR_US = {
    "business": "Customers' scanners read the VEX file. What it says, we have to be able to show.",
    "education": "Whoever answers for the service decides; a thesis that is finished has nobody to upgrade it.",
    "business-education": "Participants run what we teach with: tell them which version to take, on the course page.",
    "government": "Put the upgrade, its term and the VEX file into the maintenance contract.",
    "non-government": "One person can do the first row this week. The rest waits for the regular update; we say so.",
}


class Row(BaseModel):
    """One finding as it was triaged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cve: str
    component: str
    tier: Literal["say", "now", "next", "plan", "look"]
    status: Literal["not_affected", "affected", "fixed", "under_investigation"]


class TriageReport(Issued):
    """A triage report. components, findings: how many the bill of materials has, and how many version ranges hold one
    of its versions. rows: the findings that were looked at. evidence: verification materials of ISO/IEC 18974:2023.
    """

    NAME: ClassVar[str] = "triage-report"
    TITLE: ClassVar[str] = "Triage report"
    LESSON: ClassVar[str] = "environmentalist/compliance"

    product: str
    components: int = Field(ge=1)
    findings: int = Field(ge=0)
    rows: tuple[Row, ...] = Field(min_length=1)
    first: str
    owner: Literal["security", "engineering", "office"]
    decision: str
    role: Literal["manufacturer", "steward", "neither", "counsel"]
    contact: Literal["mailbox", "form", "tracker", "engineer"]
    security_file: tuple[str, ...]
    evidence: tuple[str, ...]
    for_us: tuple[str, ...]
    review_in_weeks: int = Field(ge=1)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = []
        if self.organisation != organisation.name:
            said.append(f"It is for {self.organisation}; the portfolio is that of {organisation.name}.")
        if self.role == "neither" and organisation.ships_products and organisation.segment.startswith("business"):
            said.append(
                "It says neither manufacturer nor steward, and the organisation is a business whose software leaves "
                "the house. Whoever makes a product, or has it made, and markets it in the Union under its own name or "
                "trademark is a manufacturer, wherever its seat is: ask counsel."
            )
        if self.role == "steward" and organisation.ships_products and organisation.segment.startswith("business"):
            said.append(
                "A steward is someone other than the manufacturer; for what it sells itself, a firm is no steward."
            )
        if self.contact not in PRIVATE:
            said.append(
                f"Reports of weaknesses go to {CONTACTS[self.contact]}; they need a private way that does not leave."
            )
        for row in self.rows:
            if (row.status in ("not_affected", "fixed")) != (row.tier == "say"):
                said.append(
                    f"{row.cve} in {row.component} is {row.status} there, and its tier is {row.tier}: one is wrong."
                )
        return said

    def words(self) -> dict[str, Any]:
        topics = load("openchain_18974").set_index("material").topic
        return {
            "policy": triage.POLICY,
            "owner": OWNERS[self.owner],
            "role": ROLES[self.role],
            "contact": CONTACTS[self.contact],
            "security_file": [SECURITY_FILE[key] for key in self.security_file],
            "evidence": [f"{key}, {topics[key]}" for key in self.evidence],
        }


def for_us(ours: Organisation) -> tuple[str, ...]:
    """What triage means for an organisation of this kind: a sentence for its sector, one on the law, one on size."""
    said = [FOR_US[ours.segment]]
    if ours.ships_products:
        whether = "" if ours.segment == "business" else " Whether we count as one is a question for counsel."
        said.append(
            "Software leaves the house in what we ship. A manufacturer reports an actively exploited weakness within "
            "24 hours, wherever its seat is, if the product is on the market of the European Union (Cyber Resilience "
            f"Act, Article 14, since 11 September 2026; last checked 2026-11-28).{whether}"
        )
    else:
        said.append(
            "Nothing of ours is in other people's hands as a product, so Article 14 of the Cyber Resilience Act is our "
            "suppliers' duty; duties of those who run services come from other laws (last checked 2026-11-28)."
        )
    if ours.people < 50:
        said.append("We have no security team: name one person and a second, and a day in the week.")
    return tuple(said)


def vex_parts(answers: Mapping[str, Mapping[str, str]]) -> dict[str, bool]:
    """Whether each of the ten findings has a status that holds, and with it a justification that its evidence carries.

    answers: finding id -> status and justification ("none" where there is none); any may be missing.
    """
    return {
        one["id"]: (given := answers.get(one["id"], {})).get("justification")
        in one["right"].get(given.get("status"), [])
        for one in triaging.portal()["findings"]
    }


def parts(report: Mapping[str, Any]) -> list[bool]:
    """Whether each part of a report holds: what is done first; the SECURITY file; the evidence for ISO/IEC 18974; a
    private contact with role, decision and a date to look again. report: answers of the form, any may be missing.
    """
    file, evidence = set(report.get("security-file", ())), set(report.get("evidence", ()))
    return [
        report.get("first") == "pillow" and "owner" in report,
        file >= SECURITY_NEEDED and not file & SECURITY_WRONG,
        EVIDENCE_NEEDED <= evidence <= EVIDENCE_NEEDED | EVIDENCE_ALSO,
        report.get("contact") in PRIVATE and {"decision", "review", "role"} <= report.keys(),
    ]


def issue(report: Mapping[str, Any], tiers: Mapping[str, Any], statements: Mapping[str, Any]) -> str:
    """Write `triage-report.md` and `vex.json` into the portfolio and return the report's text; while answers are
    missing, or OpenVEX refuses a statement, say that instead.

    report, tiers, statements: answers of the forms "report", "tiers" and "statements".
    """
    found = triaging.portal()["findings"]
    put, said = tiers.get("tiers", {}), statements.get("statements", {})
    if any("tier" not in put.get(one["id"], {}) for one in found):
        return "Not written yet: the tiers of task 3 are still open."
    if any({"status", "justification"} - said.get(one["id"], {}).keys() for one in found):
        return "Not written yet: the statements of task 4 are still open."
    if any(field not in report for field in NEEDED):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    author = report.get("organisation") or ours.name
    file, refused = vex_file.file_from(found, said, author)
    if file is None:
        lines = "\n".join(f"- {line}" for line in refused)
        return f"Not written yet: OpenVEX refuses what task 4 says.\n\n{lines}"
    rows = tuple(
        Row(cve=one["cve"], component=one["component"], tier=put[one["id"]]["tier"], status=said[one["id"]]["status"])
        for one in found
    )
    paper = TriageReport(
        organisation=author,
        written=date.today(),
        product="Field portal 4.2.0 (invented)",
        components=len(document(triaging.SBOM)["components"]),
        findings=len(triaging.findings()),
        rows=rows,
        first=report["first"],
        owner=report["owner"],
        decision=report["decision"],
        role=report["role"],
        contact=report["contact"],
        security_file=tuple(report["security-file"]),
        evidence=tuple(report["evidence"]),
        for_us=for_us(ours),
        review_in_weeks=report["review"],
    )
    both = f"{papers.write(paper)} {papers.write(file)}"
    return f"{papers.render(paper)}\n\n---\n*{both}*"
