"""The funding plan: who gets how much in which way, what it keeps standing, and when the money moves on."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import fund
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["FOR_US", "Award", "FundingPlan", "defensible_reasons", "for_us", "issue", "parts"]

REASONS = {
    "carried": "others carry it well, and our money would change little",
    "no-help": "it takes no help: we plan a replacement instead",
    "too-dear": "the least that would help is more than our rules allow",
    "little-stands": "it is fragile, but little of ours stands on it",
    "less-per-euro": "the money keeps more elsewhere",
}
MEASURES = {
    "absence": "people who make half of the work, twelve months, before and after",
    "release": "people who may publish a release, before and after",
    "promised": "whether what was agreed was delivered",
    "answer": "how long security reports wait for a first answer",
    "downloads": "downloads of the components",
    "stars": "stars and followers",
    "logo": "how often our logo is seen",
}
# What a measure must do: say something about the risk that the money was meant to take away.
GOOD_MEASURES = {"absence", "release", "promised", "answer"}
OWNERS = {
    "office": "the open source office",
    "finance": "finance, with the office",
    "engineering": "the engineering team that uses it most",
}
STOPS = {
    "yearly": "each grant ends after a year unless it is renewed",
    "second": "a second payer or a second maintainer is found",
    "silence": "nothing that was agreed happens for six months",
    "gone": "none of our services needs the component any more",
    "never": "never: a promise is a promise",
}
FOR_US = {
    "business": "Contracts and sponsorships are booked differently: settle with finance which budget pays each grant.",
    "education": "Grant money often ends with its project. Put upkeep into the next application, as a line of its own.",
    "business-education": "Our courses and our services stand on the same components; both budgets can pay.",
    "government": "Budget rules ask for something in return: a contract with a deliverable, or a foundation under an "
    "agreement. A sponsorship needs a rule that allows it.",
    "non-government": "Donors gave for our cause: write down how the component serves it; pool small sums with others.",
}
NEEDED = ("before", "after", "left-out", "reason", "measure", "stop", "owner", "decision", "review")


def defensible_reasons(component: str) -> set[str]:
    """Why a component of the invented portfolio may be left out: every reason that its figures support."""
    one = fund.components()[component]
    needed_by = sum(component in needed for needed in fund.services().values())
    if not one.ways:
        return {"no-help"}
    if fund.cheapest(one) is None:
        return {"too-dear", "carried"} if one.people >= 3 else {"too-dear"}
    # Whether the money does more elsewhere can be said of any component that is not among the best.
    found = set() if component in fund.best()[1] else {"less-per-euro"}
    if one.people >= 3 and one.chance <= 0.05:
        found.add("carried")
    if needed_by <= 1:
        found.add("little-stands")
    return found


class Award(BaseModel):
    """One grant: euros a year, and the way they go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    component: str
    euros: float = Field(gt=0)
    way: Literal["sponsorship", "contract", "staff", "foundation"]


class FundingPlan(Issued):
    """A funding plan. before, after: services standing, on average, without and with it. review_in_months: 1 to 12."""

    NAME: ClassVar[str] = "funding-plan"
    TITLE: ClassVar[str] = "Funding plan"
    LESSON: ClassVar[str] = "environmentalist/strategy"

    decision: str
    fund: int = Field(gt=0)
    reserve: int = Field(ge=0)
    awards: tuple[Award, ...] = Field(min_length=1)
    services: int = Field(ge=1)
    before: float = Field(ge=0)
    after: float = Field(ge=0)
    left_out: str
    reason: Literal["carried", "no-help", "too-dear", "little-stands", "less-per-euro"]
    measure: tuple[Literal["absence", "release", "promised", "answer", "downloads", "stars", "logo"], ...] = Field(
        min_length=1
    )
    stop: tuple[Literal["yearly", "second", "silence", "gone", "never"], ...] = Field(min_length=1)
    owner: Literal["office", "finance", "engineering"]
    for_us: tuple[str, ...]
    review_in_months: int = Field(ge=1, le=12)

    @property
    def spent(self) -> float:
        """Euros of all awards together."""
        return sum(award.euros for award in self.awards)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = []
        if self.organisation != organisation.name:
            said.append(f"It is for {self.organisation}; the portfolio is that of {organisation.name}.")
        if self.spent > self.fund - self.reserve:
            said.append(
                f"The awards add up to {self.spent:,.0f} €; the fund has {self.fund:,} €, of which {self.reserve:,} € "
                "are kept back."
            )
        if self.after < self.before:
            said.append("Fewer services stand with the money than without it; count again.")
        sponsored = [award.component for award in self.awards if award.way == "sponsorship"]
        if organisation.segment == "government" and sponsored and "rule" not in self.decision.lower():
            said.append(
                f"Sponsorship from a public budget ({', '.join(sponsored)}): buy a deliverable by contract, or name in "
                "the decision the rule that allows it."
            )
        return said

    def words(self) -> dict[str, Any]:
        grants = [fund.Grant(award.component, award.euros, award.way) for award in self.awards]
        return {
            "quiet": round(10 * fund.quiet(grants)),
            "ways": fund.WAYS,
            "reason": REASONS[self.reason],
            "measures": [MEASURES[key] for key in self.measure],
            "stops": [STOPS[key] for key in self.stop],
            "owner": OWNERS[self.owner],
        }


def for_us(ours: Organisation) -> tuple[str, ...]:
    """What paying for open source means for an organisation of this kind: a sentence each for sector and size."""
    said = [FOR_US[ours.segment]]
    if ours.people < 50:
        said.append("We are few. One grant that is enough beats five that are not; staff time is our scarcest money.")
    elif "contributes" in ours.uses:
        said.append("Our people contribute already. Ask them first what a project would take, and whom to write to.")
    return tuple(said)


def parts(plan: dict, grants: list[fund.Grant]) -> list[bool]:
    """Whether each part of the paper holds: figures, what is left out and why, how success is seen, when it stops.

    plan: answers of the form "plan", where everything may be missing. grants: the plan they are about.
    """
    before, after = fund.expected(set()), fund.expected(fund.effective(grants))
    figures = bool(grants) and all(
        key in plan and abs(plan[key] - value) <= 0.051 for key, value in {"before": before, "after": after}.items()
    )
    paid = {grant.component for grant in grants}
    left_out = plan.get("left-out")
    explained = left_out is not None and left_out not in paid and plan.get("reason") in defensible_reasons(left_out)
    measures, stops = set(plan.get("measure", ())), set(plan.get("stop", ()))
    measured = bool(measures) and measures <= GOOD_MEASURES and "owner" in plan
    ends = bool(stops) and "never" not in stops and "review" in plan and "decision" in plan
    return [figures, explained, measured, ends]


def issue(plan: dict, fund_given: dict) -> str:
    """Write `funding-plan.md` into the portfolio and return its text; while answers are missing, say which instead.

    plan, fund_given: answers of the forms "plan" and "fund".
    """
    grants = fund.from_answers(fund_given)
    if not grants:
        return "Not written yet: the fund of task 5 has no grant. Fill it in, and run this cell again."
    if any(grant.way is None for grant in grants):
        return "Not written yet: a grant of task 5 has no way yet. Choose one, and run this cell again."
    if any(field not in plan for field in NEEDED):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours, keep = organisation.current(), fund.rules()
    paper = FundingPlan(
        organisation=plan.get("organisation") or ours.name,
        written=date.today(),
        decision=plan["decision"],
        fund=keep.fund,
        reserve=keep.reserve,
        awards=tuple(Award(component=one.component, euros=one.euros, way=one.way) for one in grants),
        services=len(fund.services()),
        before=plan["before"],
        after=plan["after"],
        left_out=plan["left-out"],
        reason=plan["reason"],
        measure=plan["measure"],
        stop=plan["stop"],
        owner=plan["owner"],
        for_us=for_us(ours),
        review_in_months=plan["review"],
    )
    written = papers.write(paper)
    return f"{papers.render(paper)}\n\n---\n*{written}*"
