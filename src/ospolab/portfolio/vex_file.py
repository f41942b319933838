"""The VEX file: for each finding whether the product is affected, as OpenVEX, for customers' tools to read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from ospolab import vex
from ospolab.portfolio import papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Paper

__all__ = ["Vex", "file_from", "statement_from", "with_history"]

PRODUCT = "pkg:generic/field-portal@4.2.0"
# A name space that the specification keeps for documentation; a real document has one under a domain of its author.
ID = "https://openvex.dev/docs/example/field-portal-4.2.0"


class Vex(Paper):
    """An OpenVEX document. author: the organisation that answers for it. timestamp: when it was issued; last_updated:
    when it was changed. version: grows with each change. statements: one for each finding.
    """

    model_config = ConfigDict(populate_by_name=True)

    NAME: ClassVar[str] = "vex"
    TITLE: ClassVar[str] = "VEX file"
    LESSON: ClassVar[str] = "environmentalist/compliance"
    ENDING: ClassVar[Literal[".md", ".yml", ".json"]] = ".json"

    context: Literal["https://openvex.dev/ns/v0.2.0"] = Field(default=vex.CONTEXT, alias="@context")
    id: str = Field(alias="@id", pattern=r"^https?://\S+$")
    author: str = Field(min_length=1)
    role: str | None = None
    timestamp: datetime
    last_updated: datetime | None = None
    version: int = Field(ge=1)
    tooling: str | None = None
    statements: tuple[vex.Statement, ...] = Field(min_length=1)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = []
        if self.author != organisation.name:
            said.append(f"Its author is {self.author}; the portfolio is that of {organisation.name}.")
        about = [
            (one.vulnerability.name, product.id, tuple(part.id for part in product.subcomponents or ()))
            for one in self.statements
            for product in one.products
        ]
        for twin in sorted({one for one in about if about.count(one) > 1}):
            said.append(f"It says two things about {twin[0]} in {twin[1]}; the reader cannot know which holds.")
        return said

    def words(self) -> dict[str, Any]:
        return {"statuses": vex.STATUSES, "justifications": vex.JUSTIFICATIONS}


def statement_from(finding: Mapping[str, Any], answer: Mapping[str, str], at: datetime) -> vex.Statement:
    """The statement that an answer makes about a finding. Raises ValueError if OpenVEX does not allow it.

    finding: one of `ospolab.lessons.triaging.portal`. answer: status, and justification or "none".
    """
    justification = answer["justification"]
    action = finding.get("action") or "Wait for our advisory; we say here what to do as soon as we know."
    return vex.Statement(
        vulnerability=vex.Vulnerability(name=finding["cve"]),
        products=(vex.Product(id=PRODUCT, subcomponents=(vex.Component(id=finding["component"]),)),),
        status=answer["status"],
        justification=None if justification == "none" else justification,
        action_statement=action if answer["status"] == "affected" else None,
        status_notes=finding.get("notes"),
        timestamp=at,
    )


def file_from(
    findings: list[dict], answers: Mapping[str, Mapping[str, str]], author: str
) -> tuple[Vex | None, list[str]]:
    """The document that the answers make, and what OpenVEX refuses in them, a sentence each; None if there is any.

    answers: finding id -> status and justification.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    made, refused = [], []
    for finding in findings:
        answer = answers[finding["id"]]
        justification = None if answer["justification"] == "none" else answer["justification"]
        if said := vex.problem(answer["status"], justification, "said below"):
            refused.append(f"{finding['cve']}: {said}.")
        else:
            made.append(statement_from(finding, answer, now))
    if refused:
        return None, refused
    facts = {"id": ID, "author": author, "role": "Document Creator", "timestamp": now, "version": 1}
    return with_history(Vex(**facts, statements=tuple(made))), []


def with_history(new: Vex) -> Vex:
    """The new document as the next version of the one in the portfolio, if there is one that can be read.

    The version grows only if something else changed, and a statement that says the same as before keeps its time.
    """
    try:
        old = papers.read(Vex)
    except (FileNotFoundError, papers.PaperError, OSError):
        return new
    before = {_untimed(one): one for one in old.statements}
    statements = tuple(before.get(_untimed(one), one) for one in new.statements)
    if statements == old.statements and new.author == old.author:
        return old
    changed = {"version": old.version + 1, "timestamp": old.timestamp, "last_updated": new.timestamp}
    return new.model_copy(update={**changed, "statements": statements})


def _untimed(one: vex.Statement) -> vex.Statement:
    return one.model_copy(update={"timestamp": None})
