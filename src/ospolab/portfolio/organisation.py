"""The organisation a learner works for: five things about it that shape its office, and the papers it needs.

It is described once, in the exercise of the foundations, and kept as `portfolio/organisation.yml`. Every lab reads it.
The segments are those of the OSPO definition ("Basic Segmentation"), adapted; they are no silos, and one organisation
may have traits of two: choose the one whose rules bind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from ospolab.portfolio import papers
from ospolab.portfolio.papers import Paper

__all__ = [
    "INVENTED",
    "REGIONS",
    "SEGMENTS",
    "SHIPS",
    "USES",
    "Organisation",
    "current",
    "from_answers",
    "issue",
    "still_open",
]

SEGMENTS = {
    "business": "Business",
    "education": "University or school",
    "business-education": "Business that teaches",
    "government": "Government or public administration",
    "non-government": "Non-governmental organisation or foundation",
}
REGIONS = {
    "eu": "European Union",
    "europe-other": "Europe outside the European Union",
    "north-america": "North America",
    "latin-america": "Latin America",
    "africa": "Africa",
    "asia-pacific": "Asia and the Pacific",
}
SHIPS = {
    "saas": "a service that others use over the network",
    "device": "devices with software in them",
    "app": "programs or apps that run on other people's machines",
    "research": "research results with code",
    "nothing": "nothing: software is only used inside",
}
USES = {
    "internally": "as tools and infrastructure inside",
    "in-products": "built into what it ships",
    "in-services": "to run its services",
    "contributes": "contributes to projects of others",
    "publishes": "publishes projects of its own",
}
# The bands of the OSPO survey of 2022 to 2024, its two largest taken together.
SIZES = {"1-10": 1, "11-49": 11, "50-249": 50, "250-999": 250, "1000-9999": 1000, "10000+": 10_000}

Segment = Literal["business", "education", "business-education", "government", "non-government"]
Region = Literal["eu", "europe-other", "north-america", "latin-america", "africa", "asia-pacific"]
Shipped = Literal["saas", "device", "app", "research", "nothing"]
Use = Literal["internally", "in-products", "in-services", "contributes", "publishes"]


class Organisation(Paper):
    """An organisation. people: number of people working there. ships: what leaves the house, keys of SHIPS.

    uses: how it uses open source, keys of USES. invented: it is one of the course's five, perhaps changed.
    """

    NAME: ClassVar[str] = "organisation"
    TITLE: ClassVar[str] = "Organisation"
    LESSON: ClassVar[str] = "foundations/one-office-many-forms"
    ENDING: ClassVar[Literal[".md", ".yml"]] = ".yml"

    name: str = Field(min_length=1, max_length=120)
    segment: Segment
    people: int = Field(ge=1, le=10_000_000)
    region: Region
    ships: tuple[Shipped, ...] = Field(min_length=1)
    uses: tuple[Use, ...] = Field(min_length=1)
    invented: bool = False

    @field_validator("ships")
    @classmethod
    def _nothing_is_nothing(cls, ships: tuple[str, ...]) -> tuple[str, ...]:
        if "nothing" in ships and len(ships) > 1:
            others = ", ".join(thing for thing in ships if thing != "nothing")
            raise ValueError(f'"nothing" stands beside {others}; leave one of them out')
        return ships

    @property
    def size(self) -> str:
        """The size band of the survey: "1-10", "11-49", "50-249", "250-999", "1000-9999" or "10000+"."""
        return [band for band, least in SIZES.items() if self.people >= least][-1]

    @property
    def label(self) -> str:
        """The name, and that it is invented, if it is."""
        return f"{self.name} (invented)" if self.invented else self.name

    @property
    def ships_products(self) -> bool:
        """Whether software leaves the house in other people's hands: in a device or as a program."""
        return bool({"device", "app"} & set(self.ships))

    def words(self) -> dict[str, Any]:
        return {
            "segment": SEGMENTS[self.segment],
            "region": REGIONS[self.region],
            "ships": "; ".join(SHIPS[key] for key in self.ships),
            "uses": "; ".join(USES[key] for key in self.uses),
        }


INVENTED = {
    organisation.segment: organisation
    for organisation in (
        Organisation(
            name="Kessel Controls",
            segment="business",
            people=1_200,
            region="eu",
            ships=("device", "app"),
            uses=("internally", "in-products", "contributes"),
            invented=True,
        ),
        Organisation(
            name="University of Nordhaven",
            segment="education",
            people=6_400,
            region="eu",
            ships=("research",),
            uses=("internally", "contributes", "publishes"),
            invented=True,
        ),
        Organisation(
            name="Lumen Learning House",
            segment="business-education",
            people=180,
            region="north-america",
            ships=("saas",),
            uses=("internally", "in-services", "publishes"),
            invented=True,
        ),
        Organisation(
            name="Ministry for Digital Services of Aurelia",
            segment="government",
            people=900,
            region="eu",
            ships=("saas", "app"),
            uses=("internally", "in-services", "publishes"),
            invented=True,
        ),
        Organisation(
            name="Open Rivers",
            segment="non-government",
            people=34,
            region="africa",
            ships=("app",),
            uses=("internally", "in-products"),
            invented=True,
        ),
    )
}


def current() -> Organisation:
    """The learner's organisation, from the portfolio; until there is one, the course's invented firm.

    Raises PaperError for a file that is not what it should be: papers for somebody else would be worse.
    """
    try:
        return papers.read(Organisation)
    except FileNotFoundError:
        return INVENTED["business"]


# Field of the form -> what it asks, for the sentence that says what is missing.
_ASKED = {
    "name": "its name",
    "segment": "its sector",
    "people": "how many people work there",
    "region": "where it is",
    "ships": "what it ships",
    "uses": "how it uses open source",
}


def still_open(answers: Mapping[str, Any]) -> list[str]:
    """What has to be answered before there is an organisation, in words. answers: of a form with the field `start`
    ("own", or a segment for its invented organisation) and, for "own", name, segment, people, region, ships and uses.
    """
    if answers.get("start") in INVENTED:
        return []
    if "start" not in answers:
        return ["for whom you work: one of the five invented ones, or your own"]
    return [words for key, words in _ASKED.items() if key not in answers]


def from_answers(answers: Mapping[str, Any]) -> Organisation | None:
    """The organisation that a form describes; None while something is open, or if "nothing" is shipped with something.

    Each answer is one the form accepts (see `ospolab.checks.given`).
    """
    if still_open(answers):
        return None
    if invented := INVENTED.get(answers.get("start", "")):
        return invented
    try:
        return Organisation(**{key: answers[key] for key in _ASKED})
    except ValueError:
        return None


def issue(answers: Mapping[str, Any]) -> str:
    """Write `organisation.yml` into the portfolio; say so, or what is still open, as Markdown."""
    if missing := still_open(answers):
        return f"Not written yet. Still open: {', '.join(missing)}."
    organisation = from_answers(answers)
    if organisation is None:
        return 'Not written yet: "nothing" is ticked beside something that is shipped. Leave one of them out.'
    written = papers.write(organisation)
    return f"{papers.render(organisation)}\n\n*{written} Every later lab reads it. To change it, change your answers.*"
