"""The health report: one project an organisation depends on, its figures, and the rule that watches it."""

from dataclasses import asdict
from datetime import date

import pandas as pd

from ospolab import health, portfolio

__all__ = ["NAME", "defensible_readings", "issue", "parts", "text"]

NAME = "health-report"

READINGS = {
    "too-few": "There are too few commits for any reading. What matters is who may publish a release.",
    "few-hands": "Few people carry it. That is a reason to support them, not to leave.",
    "newcomer": "A newcomer carries a large part of it. That is a reason to ask who reviews the newcomer.",
    "spread": "The work is spread over several people.",
}
SUPPORT = {
    "review": "lend review time of our engineers",
    "money": "pay for maintenance, directly or through a foundation",
    "release": "help to set up two-person review of releases",
    "build": "build from tagged source and compare with the release archive",
    "answer": "answer publicly and kindly when others press the maintainer",
}
OWNERS = {
    "contact": "the office's contact for this project",
    "security": "the product security team",
    "engineering": "the engineering team that uses it most",
}


def defensible_readings(card: pd.Series) -> set[str]:
    """Readings that the figures of a project (see `ospolab.health.project_card`) support."""
    if card["commits"] < 20:
        return {"too-few"}
    signs = {
        "newcomer": card["largest newcomer's share, %"] >= 25,
        "few-hands": card["factor at 50 %"] <= 2,
        "spread": card["factor at 80 %"] >= 5,
    }
    return {reading for reading, holds in signs.items() if holds} or {"few-hands", "spread"}


def text(report: dict, rule: health.Rule, card: pd.Series) -> tuple[dict, str]:
    """Front matter and Markdown of the report.

    report: answers of the form "report", complete. card: the project's figures.
    """
    front = {
        "paper": NAME,
        "organisation": report.get("organisation") or "our organisation",
        "project": report["project"],
        "as_of": str(card["twelve months to the end of"]),
        "factor_50": int(report["factor-50"]),
        "factor_80": int(report["factor-80"]),
        "newcomer_share_percent": report["newcomer"],
        "reading": report["reading"],
        "trigger": asdict(rule),
        "owner": report["owner"],
        "support": list(report["support"]),
        "review_in_months": int(report["review"]),
        "written": date.today().isoformat(),
    }
    support = "\n".join(f"- {SUPPORT[key]}" for key in front["support"])
    body = f"""\
# Health report: {front["project"]}

For {front["organisation"]}. Figures for the twelve months to the end of {front["as_of"]}, from the public history.

| Measure | Value |
|---|---|
| Commits | {card["commits"]} |
| People who made half of the commits | {front["factor_50"]} |
| People who made 80 % of the commits | {front["factor_80"]} |
| Largest share of one newcomer (first commit under two years ago) | {front["newcomer_share_percent"]:g} % |

**Reading.** {READINGS[front["reading"]]}

## Early-warning rule

**Trigger:** a newcomer (first commit under {rule.new_for} months ago) made {rule.threshold:g} % or more of the
commits of the last {rule.window} months, of at least {rule.fewest}.

**Question:** {report["question"]}

**Owner:** {OWNERS[front["owner"]]}. **Look again in:** {front["review_in_months"]} months.

The rule asks. It accuses nobody: most newcomers it finds are the best thing that can happen to a project.

## What we offer

{support}
"""
    return front, body


def parts(report: dict) -> list[bool]:
    """Whether each of four parts of a report holds: figures, reading, question with owner and date, offer.

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
    return [figures, report.get("reading") in defensible_readings(card), asked, bool(report.get("support"))]


def issue(report: dict, rule_given: dict) -> str:
    """Write `health-report.md` into the portfolio and return its text; while answers are missing, say which instead.

    report, rule_given: answers of the forms "report" and "my-rule".
    """
    rule = health.Rule.from_answers(rule_given)
    needed = {"project", "factor-50", "factor-80", "newcomer", "reading", "question", "owner", "support", "review"}
    if open_fields := [*sorted(needed - report.keys()), *([] if rule else ["the rule of task 4"])]:
        return f"Not written yet. Still to be answered in the forms above: {', '.join(open_fields)}."
    front, body = text(report, rule, health.project_card(report["project"]))
    path = portfolio.write(NAME, front, body)
    return f"{body}\n---\n*Written to `{path.parent.name}/{path.name}`.*"
