"""The contribution-agreement memo: what contributors to one project sign, if anything, and where the project lives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import Field

from ospolab import agreements, homes
from ospolab.agreements import INSTRUMENTS, LICENCES, NEEDS
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["ContributionMemo", "issue", "memo_from", "parts", "remarks"]

CONTRIBUTORS = {
    "own": "mostly our own people",
    "firms": "mostly people whom other organisations employ",
    "private": "mostly private persons and students",
    "mixed": "all of these",
}
# What becomes of contributors who are employed -> (words, whether that can be defended).
EMPLOYED = {
    "ask-first": ("the guide says: ask your employer first; what you sign, you state yourself", True),
    "corporate": ("the employer agrees in its own name (a letter or an agreement), by somebody who may bind it", True),
    "team-lead": ("their team lead confirms it by mail", False),
    "nothing": ("nothing is asked; people know what they may", False),
}
BOTS = {
    "exempt": ("not counted and not asked; whoever runs a bot answers for what it brings in", True),
    "no-bots": ("no changes by bots", True),
    "sign": ("they sign off like people", False),
}
UNCHECKED = {
    "contracts": "what the employment contracts of contributors say",
    "countries": "the law of countries other than our own",
    "history": "who holds rights in what is in the project already",
    "patents": "which patents we and the contributors hold",
    "privacy": "how long names in sign-offs or signed forms may be kept",
    "home": "what the home says today, and what it leaves open",
    "tools": "whether the check works with our hosting",
}
# What the short answer has to name, once what it refuses is taken out ("no CLA").
_CLA, _DCO = r"\b(I|C)?CLAs?\b|\bagreements?\b", r"\bDCO\b|\bsign\w*[- ]?off|certificate of origin"
_FORM = rf"({_CLA}|{_DCO}|\b(form|paper|signature|contract|assignment)s?\b)"
REFUSED = (
    rf"\b(no|nor|neither|without( an?| any)?|(not|n't)( \w+){{0,2}} an?)( [\w-]+){{0,2}} {_FORM}( (and|or) no {_FORM})?"
    rf"|{_FORM} (is|are) (not|un)\b"
)
NAMED = {
    "none": rf"nothing|neither|inbound|{REFUSED}|not (have to )?sign\b|licen[cs]e\b.{{0,40}}(alone|enough|already)",
    "dco": _DCO,
    "icla": _CLA,
    "ccla": _CLA,
    "ccla-dco": rf"(?=.*({_CLA}))(?=.*({_DCO}))",
    "assignment": r"assign|transfer",
}
_UNIT = r"(hours?|days?|weeks?|months?|euros?|minutes?)"
FIGURE = (
    r"\d|\bnothing\b|\b(half|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|forty|fifty)"
    rf"( an?)?( \w+)? {_UNIT}\b"
)
VAGUE = (
    r"\b(things?|circumstances|situations?|laws?) changes?\b|if (it|anything|something) changes|if necessary|as needed"
)
NEEDED = (
    *("project", "licence", "contributors", "needs", "instrument", "other", "cost", "cost-other"),
    *("employed", "bots", "place", "answer", "change", "unchecked", "review"),
)
FOR_US = {
    "business": "Engineers who contribute elsewhere meet other people's forms: the same desk answers both directions.",
    "education": "Students are as a rule not our employees. The memo must not promise for them what is theirs.",
    "business-education": "Participants contribute in their own name; tell them before the course begins.",
    "government": "What contributors sign is an administrative form: publish it, and collect little.",
    "non-government": "Every form costs us volunteers. Ask for the least that our needs allow.",
}

Need = Literal["no", "wish", "must"]
Instrument = Literal["none", "dco", "icla", "ccla", "ccla-dco", "assignment"]
HomeId = Literal["ASF", "CNCF", "Commonhaus", "Eclipse", "NumFOCUS", "Conservancy"]
HomeNeed = Literal["no-form", "any-field", "holds-money", "eu-seat", "keeps-name"]


class ContributionMemo(Issued):
    """The memo. needs: need -> no, wish or must. other: the option next to the recommended one.

    place: the project stays with us, joins `home`, or gets a foundation of its own. home_needs: what a home must give.
    """

    NAME: ClassVar[str] = "contribution-agreement-memo"
    TITLE: ClassVar[str] = "Contribution-agreement memo"
    LESSON: ClassVar[str] = "counselor/community-engagement"

    project: str
    licence: Literal["plain", "patent", "copyleft"]
    contributors: Literal["own", "firms", "private", "mixed"]
    needs: dict[Literal["record", "patents", "company", "terms", "spread", "court", "light"], Need]
    answer: str
    instrument: Instrument
    cost: str
    other: Instrument
    cost_other: str
    employed: Literal["ask-first", "corporate", "team-lead", "nothing"]
    bots: Literal["exempt", "no-bots", "sign"]
    place: Literal["stay", "join", "found"]
    home: HomeId | None
    home_needs: tuple[HomeNeed, ...]
    change: str
    unchecked: tuple[Literal["contracts", "countries", "history", "patents", "privacy", "home", "tools"], ...]
    for_us: str
    review_in_months: int = Field(ge=1)

    def asked(self, how: Need) -> list[str]:
        """The needs of one kind, in the order of NEEDS."""
        return [need for need in NEEDS if self.needs.get(need) == how]

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        for found in (choice_faults, people_faults, place_faults, answer_faults, event_faults):
            said += found(self)
        if organisation.region == "eu" and self.instrument != "none" and "privacy" not in self.unchecked:
            said.append(
                "Names are kept as long as the history or the form is. Say whether anybody looked at data protection."
            )
        if organisation.segment == "education" and self.employed == "corporate" and self.contributors != "firms":
            said.append("A corporate agreement covers employees. Students are as a rule none: say what they sign.")
        return said

    def words(self) -> dict[str, Any]:
        sifted = _sifted(self)
        home = homes.homes().get(self.home or "")
        return {
            "licence": LICENCES[self.licence],
            "contributors": CONTRIBUTORS[self.contributors],
            "musts": [NEEDS[need] for need in self.asked("must")],
            "wishes": [NEEDS[need] for need in self.asked("wish")],
            "options": [
                {
                    "name": words,
                    "breaks": "; ".join(NEEDS[need] for need in sifted.out.get(key, [])) or "–",
                    "wishes": sifted.points[key],
                    "cost": {self.instrument: self.cost, self.other: self.cost_other}.get(key, ""),
                }
                for key, words in INSTRUMENTS.items()
            ],
            "chosen": INSTRUMENTS[self.instrument],
            "employed": EMPLOYED[self.employed][0],
            "employer": (
                "If you work for somebody, we need their yes in writing first, from somebody who may bind them."
                if self.employed == "corporate"
                else "If you work for somebody, ask them first."
            ),
            "bots": BOTS[self.bots][0],
            "home": home,
            "home_needs": [homes.FEATURES[need] for need in self.home_needs],
            "unchecked": [UNCHECKED[key] for key in self.unchecked],
            "blank": papers.BLANK,
        }


def _gives(memo: ContributionMemo) -> dict[str, dict[str, bool | None]]:
    """What each instrument gives; with a letter of the employer beside one that has no corporate agreement."""
    options = agreements.gives(memo.licence)
    if memo.employed != "corporate" or options[memo.instrument]["company"]:
        return options
    return {name: {**has, "company": True} for name, has in options.items()}


def _sifted(memo: ContributionMemo) -> agreements.Sifted:
    return agreements.sift(_gives(memo), memo.asked("must"), memo.asked("wish"))


def choice_faults(memo: ContributionMemo) -> list[str]:
    """What speaks against the instrument, by the memo's own needs."""
    options, must = _gives(memo), memo.asked("must")
    if not must:
        return ["No need is a must: then nothing speaks for asking anything of contributors. Decide what you need."]
    if sets := agreements.conflicts(options, must):
        return [f"No instrument gives {' together with '.join(NEEDS[need] for need in sets[0])}. Drop one of them."]
    said, sifted = [], _sifted(memo)
    name = INSTRUMENTS[memo.instrument]
    if breaks := sifted.out.get(memo.instrument):
        said.append(f"{_first(name)} does not give: {'; '.join(NEEDS[need] for need in breaks)}.")
    elif memo.instrument in sifted.ask:
        open_ = "; ".join(NEEDS[need] for need in must if options[memo.instrument][need] is None)
        said.append(f"{_first(name)}: a text or a letter has to say so: {open_}. Get it, or choose another.")
    elif lighter := agreements.unneeded(memo.instrument, sifted.fits, sifted.points):
        said.append(f"{_first(INSTRUMENTS[lighter[0]])} meets the same needs and asks less of contributors.")
    if memo.other == memo.instrument:
        said.append("Only one option is priced: name another one, and what it would cost.")
    return said


def people_faults(memo: ContributionMemo) -> list[str]:
    """What speaks against how employed contributors and bots are dealt with."""
    said = []
    if not EMPLOYED[memo.employed][1]:
        said.append(
            "Who works for somebody may have nothing to give alone: the employer has to agree, or be asked first."
        )
    if memo.needs.get("company") == "must" and memo.employed != "corporate":
        said.append("The employer's own yes is a must, and nobody asks the employer.")
    if not BOTS[memo.bots][1]:
        said.append("A bot cannot certify anything. Whoever runs it answers.")
    return said


def place_faults(memo: ContributionMemo) -> list[str]:
    """What speaks against the place, by the facts of `homes.yml`."""
    sifted = agreements.sift(homes.answers(memo.licence), ["licence", *memo.home_needs])
    known = homes.homes()
    if memo.place == "found":
        left = [known[one].name for one in [*sifted.fits, *sifted.ask]]
        if left:
            return [f"A foundation of our own is years of work, and {left[0]} is not ruled out by what we need."]
    if memo.place != "join":
        return []
    if memo.home is None:
        return ["It is to join a home, and none is named."]
    name, said = known[memo.home].name, []
    if breaks := sifted.out.get(memo.home):
        said.append(f"{name}: by our source, no: {'; '.join(homes.FEATURES[need] for need in breaks)}.")
    elif memo.home in sifted.ask and "home" not in memo.unchecked:
        said.append(f"{name}: not all of what we need is known. Ask, and say that it is not checked yet.")
    if memo.home == "CNCF" and "dco" not in memo.instrument:
        said.append(f"{name} asks for a DCO sign-off with each change; this memo does not.")
    if memo.home == "ASF" and "cla" not in memo.instrument:
        said.append(f"{name} asks for an individual CLA from everyone who may commit; this memo does not.")
    return said


def answer_faults(memo: ContributionMemo) -> list[str]:
    """What is missing in the short answer and in the costs."""
    said = []
    answer = memo.answer if memo.instrument == "none" else re.sub(REFUSED, "", memo.answer, flags=re.IGNORECASE)
    if not re.search(NAMED[memo.instrument], answer, re.IGNORECASE | re.DOTALL):
        said.append(f"The short answer does not name what is recommended: {INSTRUMENTS[memo.instrument]}.")
    if not all(re.search(FIGURE, cost, re.IGNORECASE) for cost in (memo.cost, memo.cost_other)):
        said.append("A cost without a figure: write hours or money, however rough, for both options.")
    if any("@" in words for words in (memo.answer, memo.change, memo.project)):
        said.append("No addresses of people in a memo that travels.")
    return said


def event_faults(memo: ContributionMemo) -> list[str]:
    """What speaks against the event that would change the memo, and against the day on which it is read again."""
    said = []
    events = [one for one in re.split(r"[;.]|,? or ", memo.change) if len(one.split()) > 2]
    if all(re.search(VAGUE, one, re.IGNORECASE) for one in events):
        said.append('"If things change" is no event. Name something that one can see happen.')
    if memo.review_in_months > 24:
        said.append("A memo that nobody reads for more than two years outlives its reasons.")
    return said


def memo_from(memo: Mapping[str, Any]) -> ContributionMemo | None:
    """The paper that answers of the form "memo" describe, for the learner's organisation; None while one is missing."""
    needs = {need: cell["how"] for need, cell in (memo.get("needs") or {}).items() if "how" in cell}
    if any(key not in memo for key in NEEDED) or len(needs) < len(NEEDS):
        return None
    if memo["place"] == "join" and "home" not in memo:
        return None
    ours = organisation.current()
    return ContributionMemo(
        organisation=memo.get("organisation") or ours.name,
        written=date.today(),
        needs=needs,
        cost_other=memo["cost-other"],
        home=memo["home"] if memo["place"] == "join" else None,
        home_needs=memo.get("home-needs", ()) if memo["place"] != "stay" else (),
        for_us=FOR_US[ours.segment],
        review_in_months=memo["review"],
        **{key: memo[key] for key in NEEDED if key not in ("needs", "cost-other", "review")},
    )


def parts(memo: Mapping[str, Any]) -> list[bool]:
    """Whether each of six parts holds: instrument meets the musts, none lighter would and another is priced, people and
    bots, place, short answer and figures, an event that would change it. All count only in a complete memo.

    memo: answers of the form "memo".
    """
    paper = memo_from(memo)
    if paper is None:
        return [False] * 6
    sifted, must = _sifted(paper), paper.asked("must")
    meets = bool(must) and paper.instrument in sifted.fits
    return [
        meets,
        meets and not choice_faults(paper),
        not people_faults(paper),
        meets and not place_faults(paper),
        not answer_faults(paper),
        not event_faults(paper),
    ]


def remarks(memo: Mapping[str, Any]) -> list[str]:
    """What of a complete memo does not hold, a sentence each, for the feedback."""
    paper = memo_from(memo)
    if paper is None:
        return []
    found = (choice_faults, people_faults, place_faults, answer_faults, event_faults)
    return [fault for look in found for fault in look(paper)]


def issue(memo: Mapping[str, Any]) -> str:
    """Write `contribution-agreement-memo.md` into the portfolio and return its text; say so while answers are missing.

    memo: answers of the form "memo".
    """
    paper = memo_from(memo)
    if paper is None:
        return "Not written yet: the form above is not complete; its check names what is missing."
    return papers.issued(paper, organisation.current())


def _first(words: str) -> str:
    return words[:1].upper() + words[1:]
