"""The funding plan: who gets how much in which way, what it keeps standing, and when the money moves on."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import fund
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["FOR_US", "Award", "FundingPlan", "defensible_reasons", "findings", "for_us", "issue", "parts"]

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
    "spent": "euros spent as planned",
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
    "news": "the component has not been in the news for a year",
    "never": "never: a promise is a promise",
}
GOOD_STOPS = {"yearly", "second", "silence", "gone"}
FOR_US = {
    "business": "Contracts and sponsorships are booked differently: settle with finance which budget pays each grant.",
    "education": "Grant money often ends with its project. Put upkeep into the next application, as a line of its own.",
    "business-education": "Our courses and our services stand on the same components; both budgets can pay.",
    "government": "Many budgets may pay only for something in return: a contract with a deliverable, or a foundation "
    "under an agreement. Paying without that needs a legal basis of its own.",
    "non-government": "Donors gave for our cause: write down how the component serves it; pool small sums with others.",
}
NEEDED = ("before", "after", "left-out", "reason", "measure", "stop", "owner", "decision", "review")


def defensible_reasons(component: str, grants: list[fund.Grant]) -> set[str]:
    """Why a plan may leave a component of the invented portfolio out: every reason that the figures support.

    Whether the money keeps more elsewhere is a comparison: it holds if the grants of the plan keep more for each euro,
    all together, than the smallest one to this component would.
    """
    one = fund.components()[component]
    needed_by = sum(component in needed for needed in fund.services().values())
    found = set()
    if not one.ways:
        found.add("no-help")
    elif fund.cheapest(one) is None:
        found.add("too-dear")
    if one.people >= 3 and one.chance <= 0.05:
        found.add("carried")
    if needed_by <= 1 and one.chance >= 0.1:
        found.add("little-stands")
    spent = sum(grant.euros for grant in grants)
    if spent and fund.gain(grants) / spent > fund.per_euro(one):
        found.add("less-per-euro")
    return found


class Award(BaseModel):
    """One grant: euros a year, and the way they go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    component: str
    euros: float = Field(gt=0)
    way: Literal["sponsorship", "contract", "staff", "foundation"]


class FundingPlan(Issued):
    """A funding plan. before, after: services standing, on average, without and with it. review_in_months: 1 to 12.

    basis: the provision that lets a public body pay without getting something in return; whether it does, no check here
    can tell.
    """

    NAME: ClassVar[str] = "funding-plan"
    TITLE: ClassVar[str] = "Funding plan"
    LESSON: ClassVar[str] = "environmentalist/strategy"

    decision: str
    basis: str = ""
    fund: int = Field(gt=0)
    reserve: int = Field(ge=0)
    awards: tuple[Award, ...] = Field(min_length=1)
    services: int = Field(ge=1)
    before: float = Field(ge=0)
    after: float = Field(ge=0)
    left_out: str
    reason: Literal["carried", "no-help", "too-dear", "little-stands", "less-per-euro"]
    measure: tuple[Literal["absence", "release", "promised", "answer", "downloads", "stars", "logo", "spent"], ...] = (
        Field(min_length=1)
    )
    stop: tuple[Literal["yearly", "second", "silence", "gone", "news", "never"], ...] = Field(min_length=1)
    owner: Literal["office", "finance", "engineering"]
    for_us: tuple[str, ...]
    review_in_months: int = Field(ge=1, le=12)

    @property
    def spent(self) -> float:
        """Euros of all awards together."""
        return sum(award.euros for award in self.awards)

    def _paid(self) -> set[str]:
        return {award.component for award in self.awards}

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        if self.spent > self.fund - self.reserve:
            said.append(
                f"The awards add up to {self.spent:,.0f} €; the fund has {self.fund:,} €, of which {self.reserve:,} € "
                "are kept back."
            )
        if self.after < self.before:
            said.append("Fewer services stand with the money than without it; count again.")
        sponsored = [award.component for award in self.awards if award.way == "sponsorship"]
        if organisation.segment == "government" and sponsored and not self.basis.strip():
            said.append(
                f"Sponsorship from a public budget ({', '.join(sponsored)}): buy a deliverable by contract, or name "
                "the provision that lets you pay without getting something in return, and have it checked."
            )
        return said

    def words(self) -> dict[str, Any]:
        grants = [fund.Grant(award.component, award.euros, award.way) for award in self.awards]
        low, high = fund.spread(grants)
        return {
            "quiet": round(10 * fund.quiet(grants)),
            "low": low,
            "high": high,
            "arrives": {grant.component: grant.arrives for grant in grants},
            "others": [name for name in fund.components() if name not in {*self._paid(), self.left_out}],
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
    return [not said for said in findings(plan, grants)]


def findings(plan: dict, grants: list[fund.Grant]) -> list[str]:
    """For each part of the paper, in the order of `parts`, what does not hold, in a sentence; "" where it does."""
    return [_figures(plan, grants), _left_out(plan, grants), _measures(plan), _ends(plan)]


def _figures(plan: dict, grants: list[fund.Grant]) -> str:
    if not grants:
        return "The fund of task 5 has no grant yet, so there is nothing to average."
    right = {"before": fund.expected(set()), "after": fund.expected(fund.effective(grants))}
    if all(key in plan and abs(plan[key] - value) <= 0.051 for key, value in right.items()):
        return ""
    here = " and ".join(f"{plan[key]:g}" if key in plan else "nothing" for key in right)
    return f"Your plan of task 5 gives {right['before']:.2f} and {right['after']:.2f} services; here stand {here}."


def _left_out(plan: dict, grants: list[fund.Grant]) -> str:
    name, reason = plan.get("left-out"), plan.get("reason")
    if not grants or name is None or reason is None:
        return "Name a component that your plan of task 5 leaves out, and a reason."
    if name in {grant.component for grant in grants}:
        return f"{name} gets money in task 5, so it is not left out."
    if reason in (sound := defensible_reasons(name, grants)):
        return ""
    said = f"The figures do not support the reason given for {name}: {REASONS[reason]}."
    if sound:
        return f"{said} What they do support: {'; or '.join(REASONS[one] for one in sorted(sound))}."
    return f"{said} They support none: your grants keep less for each euro than {name} would. Name another, or pay it."


def _measures(plan: dict) -> str:
    measures = set(plan.get("measure", ()))
    if not measures or "owner" not in plan:
        return "Say how you will know, and who looks at it."
    odd = [MEASURES[key] for key in MEASURES if key in measures - GOOD_MEASURES]
    return f"Says nothing about whether a component stops: {'; '.join(odd)}." if odd else ""


def _ends(plan: dict) -> str:
    stops = set(plan.get("stop", ()))
    if not stops or "review" not in plan:
        return "Say when the money moves on, and when you look at the plan again."
    if stops - GOOD_STOPS:
        return "Money that never moves on, or moves with the news, is not steered by what stands on a component."
    if not any(letter.isdigit() for letter in plan.get("decision", "")):
        return "The decision names no sum and no date."
    return ""


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
        basis=plan.get("basis") or "",
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
    doubt = _figures(plan, grants)
    warning = f"**Look again:** {doubt}\n\n---\n" if doubt else ""
    return f"{warning}{papers.render(paper)}\n\n---\n*{written}*"
