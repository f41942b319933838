"""The maturity placement: a stage with its evidence, three next steps, and a staffing range with its basis."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from textwrap import fill
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import maturity, survey
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = [
    "CANNOT",
    "FOR_US",
    "MaturityPlacement",
    "for_us",
    "issue",
    "judged",
    "parts",
    "proven",
    "staffing_holds",
    "step_holds",
]

Band = Literal["1-10", "11-49", "50-249", "250-999", "1000-9999", "10000+"]
Owner = Literal["office", "engineering", "legal", "security", "sponsor"]

# What a step may say in place of a gap, once the stage that is needed has been reached.
KEEP = "keep"
OWNERS = {
    "office": "the open source office",
    "engineering": "engineering",
    "legal": "legal",
    "security": "security",
    "sponsor": "the sponsor",
}
KINDS = {
    "requests": "requests to use or ship something",
    "contributions": "contributions and releases to look at",
    "training": "training and advice",
    "inventory": "inventory, SBOM and security notices",
    "community": "projects and communities",
    "running": "policy, reporting, the office itself",
}
# What a share of a survey cannot tell an organisation of that size.
CANNOT = {
    "ours": "whether we need an office",
    "drawn": "what share of all houses of our size have one: those who answered were not drawn by lot, and since 2022 "
    "whoever has nothing to do with open source was sent away before the question",
    "enough": "whether those offices are large enough for their work",
}
FOR_US = {
    "business": "Stage 3 is a choice of business: host a project when others would build on it, not to climb.",
    "education": "Our people may host projects of their own; the stage asks what the house itself can show.",
    "business-education": "What we teach is stage 1 and 2; do it in our own house first.",
    "government": "Law or budget may ask us to publish what we pay for: check it before you call stage 3 a choice.",
    "non-government": "With few people stage 2 is far: one shared task with organisations like ours counts.",
}
NEEDED = (
    *("people", "stage", "needed", "because", "steps", "basis", "low", "high", "yes", "base", "cannot", "review"),
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(_Part):
    """One next step: the gap it closes (an id of `maturity.items`, or KEEP), what will be seen, who, when."""

    closes: str
    done: str = Field(min_length=1)
    owner: Owner
    months: int = Field(ge=1, le=24)


class Work(_Part):
    """One kind of work in a month: how many times, and hours each, at least and at most."""

    kind: Literal["requests", "contributions", "training", "inventory", "community", "running"]
    times: float = Field(ge=0)
    least: float = Field(ge=0)
    most: float = Field(ge=0)


class MaturityPlacement(Issued):
    """A placement. people: size band of the house. shown: evidence -> the place where it can be seen. said: evidence
    that people only speak of. stage: as claimed. needed: the stage wanted in two years. low, high: posts. hours: that
    one full-time person has in a month. yes of base: houses of this size with an office in 2023.
    """

    NAME: ClassVar[str] = "maturity-placement"
    TITLE: ClassVar[str] = "Maturity placement"
    LESSON: ClassVar[str] = "enabler/strategy"

    people: Band
    stage: int = Field(ge=0, le=4)
    needed: int = Field(ge=1, le=4)
    because: str
    shown: dict[str, str]
    said: tuple[str, ...]
    steps: tuple[Step, ...] = Field(min_length=1, max_length=3)
    basis: Literal["workload", "survey"]
    low: float = Field(ge=0)
    high: float = Field(ge=0)
    hours: float | None = Field(default=None, gt=0)
    work: tuple[Work, ...] = ()
    yes: int = Field(ge=0)
    base: int = Field(ge=1)
    for_us: tuple[str, ...]
    review_in_months: int = Field(ge=1, le=18)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = []
        ours = self.organisation == organisation.name
        if not ours:
            said.append(f"It is for {self.organisation}; the portfolio is that of {organisation.name}.")
        if ours and self.people != organisation.size:
            said.append(f"It counts {_band(self.people)} people; organisation.yml says {organisation.people:,}.")
        closed = {step.closes for step in self.steps}
        if unknown := sorted({*self.shown, *self.said, *closed} - {*maturity.items(), KEEP}):
            return [*said, f"The five stages have no evidence {', '.join(unknown)}."]
        carried = maturity.stage_of(self.shown)
        if self.stage != carried:
            said.append(f"It claims stage {self.stage}; what is shown carries stage {carried}: stages are cumulative.")
        chosen = [step.closes for step in self.steps]
        held = zip(chosen, _steps_hold(chosen, self.shown, self.needed), strict=True)
        if wrong := [step for step, holds in held if not holds]:
            said.append(f"Steps that close no gap, or not the lowest one first: {', '.join(wrong)}.")
        work = {one.kind: (one.times, one.least, one.most) for one in self.work}
        if not staffing_holds(self.basis, self.people, self.low, self.high, work, self.hours):
            said.append(f"The range of {self.low:g} to {self.high:g} posts does not follow from its basis.")
        if (self.yes, self.base) != survey.have_one_of_band(self.people):
            said.append(
                f"{self.yes} of {self.base} are not the counts of 2023 for houses of {_band(self.people)} people."
            )
        if ours and self.needed >= 3 and "publishes" not in organisation.uses:
            said.append("Stage 3 is about hosting projects; organisation.yml says that it publishes none. Say which.")
        return said

    def words(self) -> dict[str, Any]:
        found, gaps = maturity.items(), maturity.next_gaps(self.shown)
        share = (self.yes / self.base, *survey.wilson(self.yes, self.base))
        lower, upper = survey.middle_half(survey.teams_of_band(self.people))
        return {
            "names": maturity.NAMES,
            "held": maturity.held(self.shown),
            "found": found,
            "gaps": [found[id_].words for id_ in gaps],
            "behind": [found[id_].words for id_ in maturity.behind(self.shown)],
            "only_said": [found[id_].words for id_ in self.said],
            "owners": OWNERS,
            "kinds": KINDS,
            "cannot": [*CANNOT.values()],
            "formal": survey.formal_of_band(self.people),
            "share": [int(100 * part + 0.5) for part in share],
            "band": _band(self.people),
            "middle": [_heads(answer) for answer in (lower, upper)],
            "open_above": survey.TEAMS[upper][1] is None,
            "offices": int(survey.teams_of_band(self.people)[[*survey.TEAMS]].sum()),
        }


def _band(band: str) -> str:
    return "10,000 and more" if band == "10000+" else " to ".join(f"{int(end):,}" for end in band.split("-"))


def _heads(answer: str) -> str:
    least, most = survey.TEAMS[answer]
    return f"{least} or more" if most is None else str(least) if least == most else f"{least} to {most}"


def for_us(ours: Organisation) -> tuple[str, ...]:
    """What the stages mean for an organisation of this kind: a sentence for its sector, one for its size."""
    said = [FOR_US[ours.segment]]
    if ours.people < 50:
        said.append("We are few: a stage is reached by a page and a person, not by a department.")
    elif ours.people >= 10_000:
        said.append("We are many houses in one: place each business unit, and report the lowest.")
    return tuple(said)


# ------------------------------------------------------------------------------------------ what the answers must keep


def _rows(evidence: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The lines of the form's two tables: stages 1 and 2, and what there is above them."""
    return {**evidence.get("items", {}), **evidence.get("above", {})}


def _unanswered(evidence: Mapping[str, Any]) -> list[str]:
    """Evidence of stages 1 and 2 without an answer. Above, a line left open counts as not there."""
    rows = _rows(evidence)
    return [id_ for id_, item in maturity.items().items() if item.stage <= 2 and "state" not in rows.get(id_, {})]


def proven(evidence: Mapping[str, Any]) -> dict[str, str]:
    """What counts as shown: evidence with a place, such as a link. evidence: answers of the form "evidence"."""
    return {
        id_: place
        for id_, row in _rows(evidence).items()
        if row.get("state") == "shown" and (place := str(row.get("where") or "").strip())
    }


def _without_a_place(evidence: Mapping[str, Any]) -> list[str]:
    """Evidence that is marked as shown, and of which nobody says where."""
    return [id_ for id_, row in _rows(evidence).items() if row.get("state") == "shown" and id_ not in proven(evidence)]


def step_holds(step: str, shown: Collection[str], before: Collection[str], needed: int = 4) -> bool:
    """Whether a step closes a gap that the steps `before` it leave open, and leaves no gap of a lower stage out.

    The step KEEP closes none: it holds once the stage that is needed has been reached.
    """
    found = maturity.items()
    there = {id_ for id_ in (*shown, *before) if id_ in found}
    if step == KEEP:
        return maturity.stage_of(there) >= needed
    if step not in found or step in there:
        return False
    return all(item.stage >= found[step].stage or id_ in there for id_, item in found.items())


def _steps_hold(chosen: list[str], shown: Collection[str], needed: int) -> list[bool]:
    """Whether each step holds. When all gaps are closed by those before, whatever comes after does no harm."""
    done = [{*shown, *chosen[:at]} >= {*maturity.items()} for at in range(len(chosen))]
    return [done[at] or step_holds(step, shown, chosen[:at], needed) for at, step in enumerate(chosen)]


def staffing_holds(
    basis: str, band: str, low: float, high: float, work: Mapping[str, tuple[float, float, float]], hours: float | None
) -> bool:
    """Whether a staffing range follows from what it is said to stand on.

    survey: its ends lie in the answers of the quarter and of the three quarters of the offices of that band; "10 or
    more" is 10. workload: it is a month's work over the hours of one person, to a tenth, or rounded outwards to halves.
    """
    if low > high:
        return False
    if basis == "survey":
        (least, most), (from_, to) = (survey.TEAMS[answer] for answer in survey.middle_half(survey.teams_of_band(band)))
        return least <= low <= (10 if most is None else most) and from_ <= high <= (10 if to is None else to)
    try:
        least, most = survey.workload(work, hours or 0)
    except ValueError:
        return False
    return most > 0 and least < most and least - 0.5 < low <= least + 0.1 and most - 0.1 <= high < most + 0.5


def _work(given: Mapping[str, Any]) -> dict[str, tuple[float, float, float]]:
    rows = given.get("kinds") or {}
    return {
        kind: (row["times"], row["least"], row["most"])
        for kind, row in rows.items()
        if {"times", "least", "most"} <= set(row) and row["times"]
    }


_ORDER = ("first", "second", "third")


def parts(evidence: Mapping[str, Any], placement: Mapping[str, Any], work: Mapping[str, Any]) -> list[float]:
    """What of the paper holds, a share between 0 and 1 each: the placement, the steps, the range, the survey's figure.

    The arguments are answers of the forms "evidence", "placement" and "work"; everything may be missing.
    """
    shown = proven(evidence)
    complete = not _unanswered(evidence)
    carried = complete and str(maturity.stage_of(shown)) == placement.get("stage")
    placed = carried and "needed" in placement and "because" in placement
    rows = placement.get("steps", {})
    chosen = [rows.get(row, {}).get("closes", "") for row in _ORDER]
    holding = _steps_hold(chosen, shown, int(placement.get("needed", 4)))
    if not carried:  # whoever claims another stage than is shown cannot say that nothing is left to do
        holding = [step != KEEP and step_holds(step, shown, chosen[:at]) for at, step in enumerate(chosen)]
    steps = [
        complete and holds and {"closes", "done", "owner", "months"} <= set(rows.get(row, {}))
        for row, holds in zip(_ORDER, holding, strict=True)
    ]
    band = placement.get("people")
    ranged = {"basis", "low", "high"} <= set(placement) and band is not None
    staffed = ranged and staffing_holds(
        *(placement["basis"], band, placement["low"], placement["high"], _work(work), placement.get("hours"))
    )
    counted = band is not None and (placement.get("yes"), placement.get("base")) == survey.have_one_of_band(band)
    honest = set(placement.get("cannot", ())) == set(CANNOT) and "review" in placement
    return [float(placed), sum(steps) / 3, float(staffed), (counted + honest) / 2]


def judged(evidence: Mapping[str, Any], placement: Mapping[str, Any], work: Mapping[str, Any]) -> list[float]:
    """As `parts`; for each part that falls short, prints what to look at. Of an empty form it says nothing."""
    earned = parts(evidence, placement, work)
    for held, said in zip(earned, _hints(evidence, placement, work) if placement else [""] * 4, strict=True):
        if held < 1 and said:
            print(fill(said, 100, initial_indent="- ", subsequent_indent="  "))
    return earned


def _hints(evidence: Mapping[str, Any], placement: Mapping[str, Any], work: Mapping[str, Any]) -> list[str]:
    shown, band = proven(evidence), placement.get("people")
    if band is None:
        return ["", "", "Say first how many people work there.", "Say first how many people work there."]
    lower, upper = (_heads(answer) for answer in survey.middle_half(survey.teams_of_band(band)))
    yes, base = survey.have_one_of_band(band)
    placed = f"Placement: what is shown carries stage {maturity.stage_of(shown)}."
    if left := _unanswered(evidence):
        placed = f"Placement: {len(left)} lines of stages 1 and 2 have no answer."
    if bare := _without_a_place(evidence):
        placed += f" Marked as shown, and no place is named: {', '.join(bare)}."
    ranged = f'Range: the middle half of the offices goes from "{lower}" to "{upper}" people.'
    if placement.get("basis") == "workload":
        try:
            least, most = survey.workload(_work(work), placement.get("hours") or 0)
            ranged = f"Range: the month that you counted gives {least:.1f} to {most:.1f} posts."
        except ValueError:
            ranged = "Range: it stands on a month of work, and the month or the hours of a person are missing."
    return [
        placed,
        "Steps: each closes a gap that is open, none of a lower stage is left out, and all four columns are filled in. "
        '"None" holds once the stage that you need is reached.',
        ranged,
        f"Survey: for this size it is {yes} of {base}. It cannot tell {'; '.join(CANNOT.values())}.",
    ]


def issue(evidence: Mapping[str, Any], placement: Mapping[str, Any], work: Mapping[str, Any]) -> str:
    """Write `maturity-placement.md` into the portfolio and return its text; while answers are missing, say which.

    The arguments are answers of the forms "evidence", "placement" and "work".
    """
    rows = _rows(evidence)
    if left := len(_unanswered(evidence)):
        return f"Not written yet: {left} pieces of evidence have no answer. Fill them in, and run this cell again."
    steps = placement.get("steps", {})
    if any(field not in placement for field in NEEDED) or any(
        not {"closes", "done", "owner", "months"} <= set(steps.get(row, {})) for row in _ORDER
    ):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours, shown, carried = organisation.current(), proven(evidence), _work(work)
    paper = MaturityPlacement(
        organisation=placement.get("organisation") or ours.name,
        written=date.today(),
        people=placement["people"],
        stage=int(placement["stage"]),
        needed=int(placement["needed"]),
        because=placement["because"],
        shown=shown,
        # What is ticked as shown, and has no place where it can be seen, is only said.
        said=tuple(id_ for id_, row in rows.items() if row.get("state") in ("said", "shown") and id_ not in shown),
        steps=tuple(Step(**steps[row]) for row in _ORDER),
        basis=placement["basis"],
        low=placement["low"],
        high=placement["high"],
        hours=placement.get("hours") if placement["basis"] == "workload" else None,
        work=tuple(
            Work(kind=kind, times=times, least=least, most=most)
            for kind, (times, least, most) in carried.items()
            if placement["basis"] == "workload"
        ),
        yes=placement["yes"],
        base=placement["base"],
        for_us=for_us(ours) if placement.get("organisation") in (None, "", ours.name) else (),
        review_in_months=placement["review"],
    )
    written = papers.write(paper)
    problems = paper.complaints(ours)
    if bare := _without_a_place(evidence):
        problems.append(f"Marked as shown, and no place is named, so it counts as said: {', '.join(bare)}.")
    open_ = "\n\n**This does not hold yet:**\n\n" + "\n".join(f"- {one}" for one in problems) if problems else ""
    return f"{papers.render(paper)}{open_}\n\n---\n*{written}*"
