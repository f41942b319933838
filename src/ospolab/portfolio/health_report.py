"""The health report: one project an organisation depends on, its figures, and the rule that watches it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any, ClassVar, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ospolab import health
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["HealthReport", "defensible_readings", "for_us", "issue", "parts"]

READINGS = {
    "too-few": "There are too few commits for any reading. What matters is who may publish a release.",
    "few-hands": "Few people carry it. That is a reason to support them, not to leave.",
    "head-and-tail": "One or two people carry half of it, and many share the rest. The few are hard to replace.",
    "newcomer": "A newcomer carries a large part of it. That is a reason to ask who reviews the changes.",
    "spread": "The work is spread over several people.",
}
SUPPORT = {
    "review": "review time of our engineers",
    "money": "pay for maintenance, directly or through a foundation",
    "release": "help to set up two-person review of releases",
    "build": "our own build from the repository, compared with each release archive",
    "kind": "a public word that slow is fine, when others press the maintainer",
}
OWNERS = {
    "contact": "the office's contact for this project",
    "security": "the product security team",
    "engineering": "the engineering team that uses it most",
}
FOR_US = {
    "business": "If we build on it for money, an hour of review is the cheapest insurance we can buy.",
    "education": "If one of our own people maintains it, write down who gets the release rights when a contract ends.",
    "business-education": "Our courses teach it. If it changes hands, our material says so before the participants do.",
    "government": "Money for its upkeep goes through procurement: name the contract, and make review a deliverable.",
    "non-government": "We cannot watch many projects. Share what we see with organisations like ours that use it, too.",
}
# Whom an incident in what an organisation hands out reaches, and who looks into it there.
INCIDENT = {
    "business": ("our customers", "Product security"),
    "education": ("everyone who runs it", "Whoever answers for the security of what we publish"),
    "business-education": ("our customers and participants", "Whoever answers for the security of our products"),
    "government": ("the people and authorities who use it", "Whoever answers for the security of what we hand out"),
    "non-government": ("the people who rely on it", "Whoever answers for the security of what we hand out"),
}
NEEDED = (
    *("project", "use", "factor-50", "factor-80", "newcomer", "reading"),
    *("question", "owner", "support", "decision", "review"),
)


def defensible_readings(card: pd.Series) -> set[str]:
    """Readings that the figures of a project (see `ospolab.health.project_card`) support."""
    if card["commits"] < 20:
        return {"too-few"}
    few_make_half, many_make_most = card["factor at 50 %"] <= 2, card["factor at 80 %"] >= 5
    signs = {
        "newcomer": card["largest newcomer's share, %"] >= 25,
        "few-hands": few_make_half,
        "head-and-tail": few_make_half and many_make_most,
        "spread": not few_make_half,
    }
    return {reading for reading, holds in signs.items() if holds}


class Trigger(BaseModel):
    """The four numbers of the rule that watches the project; see `ospolab.health.Rule`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    window: int
    new_for: int
    threshold: float
    fewest: int


class HealthReport(Issued):
    """A health report. as_of: the last quarter that was counted. newcomer_share_percent: of the largest newcomer.

    years_between_alarms: of the rule on each compared project; None if it never rang there.
    """

    NAME: ClassVar[str] = "health-report"
    TITLE: ClassVar[str] = "Health report"
    LESSON: ClassVar[str] = "environmentalist/community-engagement"

    project: str
    as_of: str
    use: str
    decision: str
    commits: int = Field(ge=0)
    factor_50: int = Field(ge=0)
    factor_80: int = Field(ge=0)
    newcomer_share_percent: float = Field(ge=0, le=100)
    reading: Literal["too-few", "few-hands", "head-and-tail", "newcomer", "spread"]
    trigger: Trigger
    rings: bool
    years_between_alarms: int | None
    question: str
    owner: Literal["contact", "security", "engineering"]
    support: tuple[Literal["review", "money", "release", "build", "kind"], ...] = Field(min_length=1)
    for_us: tuple[str, ...]
    review_in_months: int = Field(ge=1)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        if self.factor_50 > self.factor_80:
            said.append("Fewer people cannot have made 80 % of the commits than made half of them; count again.")
        return said

    def words(self) -> dict[str, Any]:
        return {
            "reading": READINGS[self.reading],
            "owner": OWNERS[self.owner],
            "support": [SUPPORT[key] for key in self.support],
        }


def for_us(ours: Organisation) -> tuple[str, ...]:
    """What a project in trouble means for an organisation of this kind: a sentence for its sector, one for products."""
    said = [FOR_US[ours.segment]]
    if ours.ships_products:
        whom, who = INCIDENT[ours.segment]
        counts = "" if ours.segment == "business" else " Whether we count as one is a question for counsel."
        said.append(
            f"It leaves the house inside what we ship, so an incident reaches {whom} as well. {who} checks which "
            "reporting duties apply; in the European Union the Cyber Resilience Act, Article 14, has applied to "
            f"manufacturers since 11 September 2026 (last checked 2026-11-23).{counts}"
        )
    return tuple(said)


def report_from(report: dict, rule: health.Rule, card: pd.Series) -> HealthReport:
    """The paper, for the learner's organisation. report: complete answers of the form "report". card: its project's."""
    alarms, ours = health.alarms(rule).sum(), organisation.current()
    return HealthReport(
        organisation=report.get("organisation") or ours.name,
        written=date.today(),
        project=report["project"],
        as_of=str(card["twelve months to the end of"]),
        use=report["use"],
        decision=report["decision"],
        commits=card["commits"],
        factor_50=report["factor-50"],
        factor_80=report["factor-80"],
        newcomer_share_percent=report["newcomer"],
        reading=report["reading"],
        trigger=Trigger(**asdict(rule)),
        rings=card["commits"] >= rule.fewest and report["newcomer"] >= rule.threshold,
        years_between_alarms=round(alarms["years"] / alarms["alarms"]) if alarms["alarms"] else None,
        question=report["question"],
        owner=report["owner"],
        support=report["support"],
        for_us=for_us(ours),
        review_in_months=report["review"],
    )


def parts(report: dict) -> list[bool]:
    """Whether each part of a report holds: figures, reading, question with owner and date, offer with its cost.

    report: answers of the form "report", with a project; everything else may be missing.
    """
    card = health.project_card(report["project"])
    figures = (
        report.get("factor-50") == card["factor at 50 %"]
        and report.get("factor-80") == card["factor at 80 %"]
        and "newcomer" in report
        # The table shows whole per cents; who computes finer is not wrong.
        and abs(report["newcomer"] - card["largest newcomer's share, %"]) <= 1
    )
    question = report.get("question", "")
    asked = "?" in question and "@" not in question and "owner" in report and "review" in report
    decided = "use" in report and "decision" in report and bool(report.get("support"))
    return [figures, report.get("reading") in defensible_readings(card), asked, decided]


def issue(report: dict, rule_given: dict) -> str:
    """Write `health-report.md` into the portfolio and return its text; while answers are missing, say which instead.

    report, rule_given: answers of the forms "report" and "my-rule".
    """
    rule = health.Rule.from_answers(rule_given)
    if rule is None:
        return "Not written yet: the rule of task 4 is still open. Fill it in, and run this cell again."
    if any(field not in report for field in NEEDED):
        return "Not written yet: the form above is not complete; its check names what is missing."
    paper = report_from(report, rule, health.project_card(report["project"]))
    written = papers.write(paper)
    return f"{papers.render(paper)}\n\n---\n*{written}*"
