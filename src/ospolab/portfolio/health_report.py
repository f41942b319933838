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


def text(report: dict, rule: health.Rule, card: pd.Series) -> tuple[dict, str]:
    """Front matter and Markdown of the report.

    report: answers of the form "report", complete. card: the project's figures.
    """
    rings = card["commits"] >= rule.fewest and report["newcomer"] >= rule.threshold
    state = "rings" if rings else "does not ring"
    alarms = health.alarms(rule).sum()
    front = {
        "paper": NAME,
        "organisation": report.get("organisation") or "our organisation",
        "project": report["project"],
        "as_of": str(card["twelve months to the end of"]),
        "factor_50": int(report["factor-50"]),
        "factor_80": int(report["factor-80"]),
        "newcomer_share_percent": float(report["newcomer"]),
        "reading": report["reading"],
        "trigger": asdict(rule),
        "rings": bool(rings),
        "owner": report["owner"],
        "support": list(report["support"]),
        "review_in_months": int(report["review"]),
        "written": date.today().isoformat(),
    }
    every = f"once in {alarms['years'] / alarms['alarms']:.0f} years" if alarms["alarms"] else "never"
    support = "\n".join(f"- {SUPPORT[key]}" for key in front["support"])
    body = f"""\
# Health report: {front["project"]}

For {front["organisation"]}, {front["written"]}. Figures for the twelve months to the end of {front["as_of"]}.

**What stops if it stops:** {report["use"]}

**Decision asked for:** {report["decision"]}

## What we see

| Measure | Value |
|---|---|
| Commits | {card["commits"]} |
| People who made half of the commits | {front["factor_50"]} |
| People who made 80 % of the commits | {front["factor_80"]} |
| Largest share of one newcomer (first commit under 24 months ago) | {front["newcomer_share_percent"]:g} % |

**Reading.** {READINGS[front["reading"]]}

## What we watch for

1. **Trigger:** a newcomer (first commit under {rule.new_for} months ago) made at least {rule.threshold:g} % of the last
   {rule.window} months' commits, and there were at least {rule.fewest}. By the figures above it {state} now.
2. **Question:** {report["question"]}
3. **Owner:** {OWNERS[front["owner"]]}.
4. **Answer by:** two weeks after it rings.
5. **Then:** repeat the offer below; look again in {front["review_in_months"]} months in any case.

## What we offer, whether or not it rings

{support}

## What this page does not say

The figures count commits in the public history. They do not see who may publish a release, and one person with two
names counts twice. The rule was tuned on one known attack, and misses projects with few commits. On nine other projects
it rang {every} for each, as far as is known never for an attack: it asks, and accuses nobody.
Internal; no names; not for rating people.
"""
    return front, body


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
    front, body = text(report, rule, health.project_card(report["project"]))
    path = portfolio.write(NAME, front, body)
    return f"{body}\n---\n*Written to `{path.parent.name}/{path.name}`.*"
