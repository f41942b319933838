"""The quality report of a bill of materials: what it holds, what it does not, what changed, and who keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import sbom
from ospolab.data import document
from ospolab.portfolio import organisation, papers, sbom_file
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued
from ospolab.portfolio.sbom_file import Sbom

__all__ = ["SbomReport", "for_us", "issue", "parts"]

OLD = "reading-desk-1.4.0.cdx.json"
PHASES = {
    "design": "before anything was built, from a plan",
    "pre-build": "before the build, from sources or requirements",
    "build": "at the end of the build, from the environment that is shipped",
    "post-build": "after the build, from the installed product",
}
CLAIMS = {
    "complete": "nothing is missing",
    "incomplete": "something is known to be missing",
    "unknown": "nobody knows whether something is missing",
}
SUPPLIERS = {
    "project": "who makes it, where its own metadata name an organisation; the others are marked unknown",
    "unknown": "left out, and marked unknown",
    "us": "we ourselves",
    "index": "the index it was fetched from",
}
OWNERS = {
    "build": "the team that builds the product",
    "office": "the open source programme office",
    "security": "the product security team",
}
RHYTHMS = {
    "release": "with every release, made by the build and kept beside it",
    "correction": "with every release, and again when an error in it is found",
    "quarter": "once a quarter",
    "asked": "when a customer asks",
}
GOOD = {
    "phase": {"build", "post-build"},
    "claim": {"incomplete", "unknown"},
    "supplier": {"project", "unknown"},
    "rhythm": {"release", "correction"},
}
NEEDED = ("phase", "claim", "supplier", "rhythm", "owner", "decision")
FOR_US = {
    "business": "Customers will ask for this file: a statement of ours. The contract says how far they may rely on it.",
    "education": "Put the list beside the data of a publication: it is how others find out what the result ran on.",
    "business-education": "Participants run what we teach with: the list belongs to the course, with the date.",
    "government": "Ask suppliers for the same file in the contract, with a term to correct it, before we pay.",
    "non-government": "One list for what we hand out is enough to begin with; make it by the build, not by hand.",
}


class Element(BaseModel):
    """One element: per cent of components in which it is written, usable, marked; see `ospolab.sbom.completeness`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    element: str
    written: int = Field(ge=0, le=100)
    usable: int = Field(ge=0, le=100)
    marked: int = Field(default=0, ge=0, le=100)


class Change(BaseModel):
    """What the gate said about one change since the last release."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    component: str
    change: Literal["added", "removed", "changed"]
    verdict: Literal["pass", "ask", "block"]


class SbomReport(Issued):
    """A quality report. file: name of the list it is about.

    unclear: components whose licence no machine can read. concluded: those whose licence a person has concluded.
    """

    NAME: ClassVar[str] = "sbom-quality"
    TITLE: ClassVar[str] = "Quality report of the bill of materials"
    LESSON: ClassVar[str] = "enabler/compliance"

    product: str
    file: str
    components: int = Field(ge=0)
    valid: bool
    elements: tuple[Element, ...] = Field(min_length=7)
    unclear: tuple[str, ...]
    concluded: tuple[str, ...] = ()
    changes: tuple[Change, ...]
    phase: Literal["design", "pre-build", "build", "post-build"]
    claim: Literal["complete", "incomplete", "unknown"]
    supplier: Literal["project", "unknown", "us", "index"]
    rhythm: Literal["release", "correction", "quarter", "asked"]
    owner: Literal["build", "office", "security"]
    decision: str
    for_us: tuple[str, ...]

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        if self.claim == "complete":
            said.append("It says that nothing is missing; package metadata does not know what is bundled inside.")
        if self.phase not in GOOD["phase"]:
            said.append(f"It says that the list was made {PHASES[self.phase]}; it was made from what was installed.")
        if self.supplier not in GOOD["supplier"]:
            said.append(f"It names as supplier of the components {SUPPLIERS[self.supplier]}, who did not make them.")
        if organisation.ships_products and self.rhythm not in GOOD["rhythm"]:
            said.append(
                f"It is renewed {RHYTHMS[self.rhythm]}, and software leaves the house: each release needs its own list."
            )
        if any(one.verdict == "block" for one in self.changes) and not self.decision:
            said.append("The gate blocks a change, and nobody has decided about it.")
        return said

    def words(self) -> dict[str, Any]:
        return {
            "meaning": sbom.ELEMENTS,
            "minimum": sbom.NTIA,
            "phase": PHASES[self.phase],
            "claim": CLAIMS[self.claim],
            "supplier": SUPPLIERS[self.supplier],
            "rhythm": RHYTHMS[self.rhythm],
            "owner": OWNERS[self.owner],
        }


def for_us(ours: Organisation) -> tuple[str, ...]:
    """What the list means for an organisation of this kind: a sentence for its sector, one on the law."""
    said = [FOR_US[ours.segment]]
    if ours.ships_products:
        whether = "" if ours.segment == "business" else " Whether we count as one is a question for counsel."
        said.append(
            "Software leaves the house in what we ship. From 11 December 2027 a manufacturer draws up a bill of "
            "materials, machine-readable and of at least the top-level dependencies, for a product on the market of "
            f"the European Union (Cyber Resilience Act, Annex I; last checked 2026-11-28).{whether}"
        )
    else:
        said.append(
            "Nothing of ours is in other people's hands as a product, so the duty of the Cyber Resilience Act to have "
            "a bill of materials is our suppliers' (from 11 December 2027; last checked 2026-11-28). We still need "
            "ours, to answer what runs where."
        )
    if ours.people < 50:
        said.append("We are few: the build makes the list, and one person looks at what the gate asks.")
    return tuple(said)


def parts(report: Mapping[str, Any]) -> list[bool]:
    """Whether each part of a report can be defended: when the list was made; how complete it claims to be; whom it
    names as supplier; when it is renewed, with owner and decision. report: answers of the form, any may be missing.
    """
    held = {field: report.get(field) in good for field, good in GOOD.items()}
    renewed = held["rhythm"] and {"owner", "decision"} <= report.keys()
    return [held["phase"], held["claim"], held["supplier"], renewed]


def issue(report: Mapping[str, Any], fields: Mapping[str, Any], gate: Mapping[str, Any]) -> str:
    """Write `sbom.cdx.json` and `sbom-quality.md` into the portfolio and return the report's text; while answers are
    missing, say that instead.

    report, fields, gate: answers of the forms "report", "fields" and "gate".
    """
    decided, verdicts = fields.get("fields", {}), gate.get("changes", {})
    if any("write" not in decided.get(row, {}) for row in sbom_file.DECIDED):
        return "Not written yet: the licences of task 1 are still open."
    if any(field not in report for field in NEEDED):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    author = report.get("organisation") or ours.name
    file = sbom_file.with_history(
        sbom_file.completed(
            author, report["phase"], report["claim"], report["supplier"], sbom_file.decided_licences(decided)
        )
    )
    paper = from_file(file, author, report, verdicts, ours)
    both = f"{papers.write(paper)} {papers.write(file)}"
    return f"{papers.render(paper)}\n\n---\n*{both}*"


def from_file(
    file: Sbom, author: str, report: Mapping[str, Any], verdicts: Mapping[str, Any], ours: Organisation
) -> SbomReport:
    """The report about a list. verdicts: component -> {"verdict": ...} of a person, or else the gate's own."""
    bom = file.bom()
    table, score = sbom.components(bom), sbom.completeness(bom, sbom.CISA_DRAFT)
    changed = sbom.changes(document(OLD), bom)
    rows = [
        Change(
            component=name,
            change=row.change,
            verdict=verdicts.get(name, {}).get("verdict")
            or sbom.gate(row.change, row["licence before"], row["licence after"], row.clear),
        )
        for name, row in changed.iterrows()
    ]
    return SbomReport(
        organisation=author,
        written=date.today(),
        product="Reading desk 2.0.0 (invented)",
        file=papers.path_of(Sbom).name,
        components=len(table),
        valid=not sbom.problems(bom),
        elements=tuple(Element(element=name, **row) for name, row in score.to_dict(orient="index").items()),
        unclear=tuple(sorted(table.name[~table.clear])),
        concluded=tuple(sorted(one["name"] for one in bom["components"] if _concluded(one))),
        changes=tuple(rows),
        **{field: report[field] for field in NEEDED},
        for_us=for_us(ours),
    )


def _concluded(component: Mapping[str, Any]) -> bool:
    licences = (one.get("license", {}) for one in component.get("licenses", []))
    return any(one.get("acknowledgement") == "concluded" for one in licences)
