"""The business case for one carried patch: one page and one chart, for one reader, with what would turn it over."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import forkcases, forkcost, gqm
from ospolab.forkcost import INPUTS, Case, Range
from ospolab.learner import files
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["CHART", "FOR_US", "BusinessCase", "findings", "for_us", "issue", "parts"]

CHART = "business-case.svg"  # beside the paper
READERS = {
    "cfo": "the chief financial officer",
    "engineering": "the engineering director",
    "procurement": "the public procurement officer",
    "pi": "the principal investigator",
}
ADVICE = {
    "give": "Offer the patch upstream.",
    "keep": "Keep the patch, and go on carrying it.",
    "ask": "Ask upstream first whether it is wanted, and decide then.",
}
# What the drawn futures say -> advice that it bears. Where money does not decide, the words beside the sum do.
# To ask first is borne as well wherever a sure yes could change what the money says: see `_advice`.
BORNE = {"give": {"give"}, "keep": {"keep"}, "open": {"give", "keep", "ask"}}
FOR_US = {
    "business": "Hours spent on old patches are not spent on products; the budget that pays them should see this page.",
    "education": "The patch outlives the contract of whoever wrote it. What is upstream needs no successor here.",
    "business-education": "What we teach with and what we ship should be the same release; a fork makes them two.",
    "government": "A patch that a supplier carries for us is paid again with each release: have it offered upstream, "
    "and put that, with the rights it needs, into the next tender.",
    "non-government": "Our few hours go furthest in work that others then keep up with us.",
}
CLEARED = {
    "yes": "checked, and nothing stands against it.",
    "open": "not checked yet. Nothing is offered before it is.",
    "no": "checked, and it may not be offered as it stands.",
}
NEEDED = (
    *("reader", "patch", "years", "range", "keep-low", "keep-high", "give-low", "give-high"),
    *("advice", "turns", "beyond", "measures", "decision", "review"),
)
TOLERANCE = 0.1  # of an amount: whoever rounds is not wrong

Input = Literal["releases", "check", "trouble", "redo", "offer", "accepted", "wait", "glue", "rate"]
Measure = Literal["hours", "conflicts", "age", "taken", "days", "found", "stars", "sent", "lines", "worth"]


class Ends(BaseModel):
    """One input as a range."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: float
    likely: float
    high: float


class BusinessCase(Issued):
    """A business case. inputs: what was assumed, shares as 0 to 1. keep, give: euros, 80 of 100 futures.

    turns: the assumption that would turn the decision over. beyond: what else speaks for or against, in words.
    cleared: whether it is ours to give and we may, a key of CLEARED.
    """

    NAME: ClassVar[str] = "business-case"
    TITLE: ClassVar[str] = "Business case"
    LESSON: ClassVar[str] = "advocate/strategy"

    reader: Literal["cfo", "engineering", "procurement", "pi"]
    patch: str = Field(min_length=1)
    invented: bool
    years: float = Field(ge=0.5, le=6)
    inputs: dict[Input, Ends]
    keep_low: float = Field(ge=0)
    keep_high: float = Field(ge=0)
    give_low: float = Field(ge=0)
    give_high: float = Field(ge=0)
    advice: Literal["give", "keep", "ask"]
    turns: Input
    beyond: str
    cleared: Literal["yes", "open", "no"] = "open"
    measures: tuple[Measure, ...] = Field(min_length=1)
    decision: str
    for_us: str
    review_in_months: int = Field(ge=1)

    def case(self) -> Case:
        """The inputs as a case. Raises ValueError for a range out of order."""
        ranges = {name: Range(one.low, one.likely, one.high) for name, one in self.inputs.items()}
        return Case(**ranges, years=self.years)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        try:
            case = self.case()
        except (TypeError, ValueError) as error:
            return [*said, f"What was assumed cannot be read: {error}."]
        said += [
            problem
            for problem in (
                _figures(case, (self.keep_low, self.keep_high), (self.give_low, self.give_high)),
                _advice(case, self.advice),
                _turns(case, self.turns),
                _measures(self.measures),
                _dated(self.decision, self.review_in_months),
            )
            if problem
        ]
        if self.reader == "pi" and organisation.segment not in ("education", "business-education", "non-government"):
            said.append("It is for a principal investigator; say who pays for the hours here.")
        if self.reader == "procurement" and organisation.segment == "business":
            said.append("It is for a public procurement officer; a business has none. Who signs for the hours here?")
        return said

    def words(self) -> dict[str, Any]:
        case = self.case()
        share, _ = forkcost.verdict(forkcost.simulate(case))
        after, bars = forkcost.pays_from(case), forkcost.tornado(case)
        turns, within = forkcost.turning(case, beyond=True), self.turns in forkcost.turning(case)
        by = 100 if INPUTS[self.turns][1] == "%" else 1
        unit = f" {INPUTS[self.turns][1]}".rstrip()
        return {
            "reader": READERS[self.reader],
            "advice": ADVICE[self.advice],
            "cleared": None if self.advice == "keep" else CLEARED[self.cleared],
            "of_hundred": round(100 * share),
            "after": after,
            "months": None if after is None else round(12 * after / max(case.releases.likely, 0.1)),
            "longest": INPUTS[bars.index[0]][0],
            "turn_words": INPUTS[self.turns][0],
            "turn_at": f"{turns[self.turns] * by:.2g}{unit}" if self.turns in turns else None,
            "likely": f"{self.inputs[self.turns].likely * by:g}{unit}",
            "within": within,
            "rows": [_row(name, self.inputs[name]) for name in INPUTS],
            "measures": [gqm.METRICS[key] for key in self.measures],
            "chart": CHART,
            "alt": chart(case).alt,
            "euros": lambda value: f"{value:,.0f}",
        }


def _row(name: str, one: Ends) -> tuple[str, ...]:
    words, unit = INPUTS[name]
    by, mark = (100, " %") if unit == "%" else (1, "")
    return (words, *(f"{value * by:g}{mark}" for value in (one.low, one.likely, one.high)))


def chart(case: Case):
    """The one chart of the page."""
    from ospolab.lessons.giving_back import over_time

    return over_time(case)


def for_us(ours: Organisation) -> str:
    """What a carried patch means for an organisation of this kind, in a sentence."""
    return FOR_US[ours.segment]


# What has to hold. Each says in a sentence what does not; "" where it does.


def _figures(case: Case, keep: tuple[float, float], give: tuple[float, float]) -> str:
    if keep[0] >= keep[1] or give[0] >= give[1]:
        return "Each way costs a range, from a lower to a higher amount; a single figure is not known so well."
    futures = forkcost.simulate(case)
    wrong = []
    for words, column, told in (("keeping it", "keep", keep), ("giving it back", "give", give)):
        right = futures[column].quantile([0.1, 0.9])
        if any(abs(a - b) > max(TOLERANCE * b, 60) for a, b in zip(told, right, strict=True)):
            here = f"{told[0]:,.0f} to {told[1]:,.0f}"
            wrong.append(f"{words} comes to {right.iloc[0]:,.0f} to {right.iloc[1]:,.0f} €, and here stands {here}")
    return f"From what was assumed, {'; '.join(wrong)}." if wrong else ""


def _advice(case: Case, advice: str) -> str:
    share, found = forkcost.verdict(forkcost.simulate(case))
    if advice in BORNE[found]:
        return ""
    if advice == "ask":
        sure = forkcost.sure_yes(case)
        if sure > 1 - forkcost.SURE:
            return ""
        return f"Asking first changes nothing: even a sure yes would pay in {100 * sure:.0f} of 100 only. Then why ask?"
    return (
        f"The advice is “{ADVICE[advice]}” Giving back is cheaper in {100 * share:.0f} of 100 futures, which does not "
        "bear it. If other things weigh more than the money, say so in words, and advise what the sum bears."
    )


def _turns(case: Case, turns: str) -> str:
    able, bars = forkcost.turning(case), forkcost.tornado(case).index
    if turns in (able or bars[:3]):
        return ""
    if able:
        could = "; ".join(INPUTS[name][0] for name in bars if name in able)
        return f"“{INPUTS[turns][0]}” does not turn the decision anywhere in its range; what does: {could}."
    longest = "; ".join(INPUTS[name][0] for name in bars[:3])
    return f"No assumption turns it alone; name one of the three longest bars: {longest}."


def _measures(measures: Any) -> str:
    vain = [gqm.METRICS[key] for key in measures if gqm.METRICS[key].vain]
    return f"A vanity metric: {'; '.join(f'{one.words} ({one.vain})' for one in vain)}" if vain else ""


def _dated(decision: str, review: int) -> str:
    if not any(letter.isdigit() for letter in decision):
        return "No figure stands in the decision: write the hours or the sum, and the date, in figures."
    return "" if review <= 12 else "It is looked at again after more than a year: upstream will have changed by then."


def findings(given: Mapping[str, Any]) -> list[str]:
    """For each part of the paper, in the order of `parts`, what does not hold, in a sentence; "" where it does.

    given: answers of the form "case", where everything may be missing.
    """
    case = forkcases.from_answers(given)
    if case is None:
        return ["There is no patch, no years, or no hourly rate in order: nothing to compare with."] * 4
    amounts = [given.get(key) for key in ("keep-low", "keep-high", "give-low", "give-high")]
    figures = "The four amounts are not all there." if None in amounts else _figures(case, amounts[:2], amounts[2:])
    advice = (
        _advice(case, given["advice"])
        if "advice" in given and "reader" in given
        else "Whom it is for, and the advice, are open."
    )
    turns = (
        _turns(case, given["turns"])
        if "turns" in given and "beyond" in given
        else "What would turn it over, and what else weighs, are open."
    )
    if "measures" in given and "decision" in given and "review" in given:
        rest = " ".join(
            one for one in (_measures(given["measures"]), _dated(given["decision"], given["review"])) if one
        )
    else:
        rest = "Measures, decision and date are not all there."
    return [figures, advice, turns, rest]


def parts(given: Mapping[str, Any]) -> list[bool]:
    """Whether each part of the paper holds: figures, advice, what turns it over, measures with decision and date."""
    return [not said for said in findings(given)]


def issue(given: Mapping[str, Any]) -> str:
    """Write `business-case.md` and its chart into the portfolio and return the text; or say what is missing.

    given: answers of the form "case".
    """
    case = forkcases.from_answers(given)
    if case is None:
        return "Not written yet: choose a patch, the years and an hourly rate with low, likely and high in this order."
    if any(field not in given for field in NEEDED):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    own = given["patch"] == "own"
    paper = BusinessCase(
        organisation=given.get("organisation") or ours.name,
        written=date.today(),
        reader=given["reader"],
        patch=given.get("own-patch") or "A patch of our own" if own else forkcases.PATCHES[given["patch"]][0],
        invented=not own,
        years=given["years"],
        inputs={name: Ends(**vars(getattr(case, name))) for name in INPUTS},
        keep_low=given["keep-low"],
        keep_high=given["keep-high"],
        give_low=given["give-low"],
        give_high=given["give-high"],
        advice=given["advice"],
        turns=given["turns"],
        beyond=given["beyond"],
        cleared=given.get("cleared") or "open",
        measures=given["measures"],
        decision=given["decision"],
        for_us=for_us(ours),
        review_in_months=given["review"],
    )
    shown = papers.issued(paper, ours)
    beside = papers.folder() / CHART
    files.write(beside, chart(case).to_file())
    # In the notebook the picture is where the notebook sees it; in the paper it is beside it.
    return shown.replace(f"]({CHART})", f"]({os.path.relpath(beside)})")
