"""The bill of materials: what a tool has found in a product, with what only its maker can add, as CycloneDX."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from ospolab import sbom
from ospolab.data import document
from ospolab.portfolio import papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Paper

__all__ = ["GENERATED", "Sbom", "completed", "decided_licences", "with_history"]

GENERATED = "reading-desk-2.0.0.cdx.json"
# The decisions of the exercise's first task that are about components of this product: row -> name in licence-fields.
DECIDED = {
    "click": "click",
    "certifi": "certifi",
    "setuptools": "setuptools",
    "unidecode": "Unidecode",
    "itsdangerous": "itsdangerous",
    "text-unidecode": "text-unidecode",
}
# Who creates, defines and identifies a component, for those whose own metadata (Author, Maintainer) name an
# organisation or a team, read on 2026-11-28. The other fourteen name a person: a list that is passed on need not.
SUPPLIERS = {
    **dict.fromkeys(("flask", "click", "itsdangerous", "jinja2", "markupsafe", "werkzeug"), "Pallets"),
    "blinker": "Pallets Ecosystem",
    "pip": "The pip developers",
    "setuptools": "Python Packaging Authority",
    "tzdata": "Python Software Foundation",
}
# What the exact classifiers among them say, as SPDX writes it.
CLASSIFIERS = {"certifi": "MPL-2.0", "setuptools": "MIT", "unidecode": "GPL-2.0-or-later"}


class Sbom(Paper):
    """A CycloneDX 1.6 bill of materials. What metadata, components and so on hold inside, its schema checks."""

    model_config = ConfigDict(populate_by_name=True)

    NAME: ClassVar[str] = "sbom.cdx"
    TITLE: ClassVar[str] = "Bill of materials"
    LESSON: ClassVar[str] = "enabler/compliance"
    ENDING: ClassVar[Literal[".md", ".yml", ".json"]] = ".json"

    schema_: str | None = Field(default=None, alias="$schema")
    format_: Literal["CycloneDX"] = Field(alias="bomFormat")
    spec: Literal["1.6"] = Field(alias="specVersion")
    serial: str = Field(alias="serialNumber")
    version: int = Field(ge=1)
    metadata: dict[str, Any]
    components: tuple[dict[str, Any], ...]
    dependencies: tuple[dict[str, Any], ...] = ()
    compositions: tuple[dict[str, Any], ...] = ()

    def bom(self) -> dict[str, Any]:
        """The JSON object of the file."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @property
    def author(self) -> str:
        """Who made the list: the organisation, as the file names it; "" if it does not."""
        return self.metadata.get("manufacturer", {}).get("name", "")

    def complaints(self, organisation: Organisation) -> list[str]:
        said = [f"It breaks the schema of CycloneDX 1.6. {line}" for line in sbom.problems(self.bom())[:3]]
        if self.author != organisation.name:
            said.append(f"Its author is {self.author or 'nobody'}; the portfolio is that of {organisation.name}.")
        score = sbom.completeness(self.bom())
        # An element that is marked unknown is honest.
        lacking = score.index[score.usable + score.marked < 99].tolist()
        if lacking:
            said.append(f"Of the seven minimum elements it does not hold for every component: {', '.join(lacking)}.")
        if any(one.get("aggregate") == "complete" for one in self.compositions):
            said.append(
                "It claims to be complete; a tool that reads package metadata cannot know what is bundled inside."
            )
        return said

    def words(self) -> dict[str, Any]:
        return {"score": sbom.completeness(self.bom(), sbom.CISA_DRAFT), "elements": sbom.ELEMENTS}


def decided_licences(fields: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Any]]:
    """The licence entry that each decision of the first task gives: name as the package index compares it -> entry.

    fields: row -> {"write": "expression", "licence-field", "classifier" or "text"}; any may be missing.
    """
    found = {one["name"]: one for one in document("licence-fields.json") if one["version"] in _versions()[one["name"]]}
    made = {}
    for row, name in DECIDED.items():
        write, one = fields.get(row, {}).get("write"), found[name]
        if write == "expression" and one["expression"]:
            made[sbom.key(name)] = {"license": {"id": one["expression"], "acknowledgement": "declared"}}
        elif write == "licence-field" and _is_id(one["licence"]):
            made[sbom.key(name)] = {"license": {"id": one["licence"], "acknowledgement": "declared"}}
        elif write == "classifier" and row in CLASSIFIERS:
            made[sbom.key(name)] = {"license": {"id": CLASSIFIERS[row], "acknowledgement": "concluded"}}
        elif write is not None:
            made[sbom.key(name)] = {"license": {"name": "to be read in the licence text"}}
    return made


def _versions() -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {one["name"]: set() for one in document("licence-fields.json")}
    for one in document(GENERATED)["components"]:
        versions.setdefault(one["name"], set()).add(one["version"])
    return versions


def _is_id(licence: str) -> bool:
    return sbom.licence({"licenses": [{"expression": licence}]})[1]


def completed(
    author: str,
    phase: str,
    claim: str,
    supplier: str,
    licences: Mapping[str, dict[str, Any]] | None = None,
    at: datetime | None = None,
) -> Sbom:
    """The list that the tool made of the Reading desk, with what only a person can add.

    author: the organisation that makes product and list. phase: a lifecycle phase of CycloneDX ("build"). claim: how
    complete it says it is ("complete", "incomplete", "unknown"). supplier: of the components, "project" (as looked up,
    and marked unknown where that gave nobody), "us", "index" (the package index), or "unknown" (marked so). licences:
    of `decided_licences`.
    """
    bom = copy.deepcopy(document(GENERATED))
    about = bom["metadata"]
    about["timestamp"] = (at or datetime.now(UTC)).replace(microsecond=0).isoformat()
    about["lifecycles"] = [{"phase": phase}]
    about["manufacturer"] = about["supplier"] = {"name": author}
    about["component"]["supplier"] = {"name": author}
    for one in bom["components"]:
        looked_up = SUPPLIERS.get(sbom.key(one["name"]))
        name = {"project": looked_up, "us": author, "index": "Python Package Index", "unknown": None}[supplier]
        if name:
            one["supplier"] = {"name": name}
        else:
            one["properties"] = [sbom.unknown("supplier")]
        if decided := (licences or {}).get(sbom.key(one["name"])):
            one["licenses"] = [decided]
    bom["compositions"] = [{"aggregate": claim, "assemblies": [about["component"]["bom-ref"]]}]
    bom["serialNumber"] = f"urn:uuid:{uuid.uuid4()}"
    return Sbom.model_validate(bom)


def with_history(new: Sbom) -> Sbom:
    """The new list as the next version of the one in the portfolio; the old one itself if nothing but the time differs.

    CycloneDX keeps the serial number of a corrected list and counts its version up.
    """
    try:
        old = papers.read(Sbom)
    except (FileNotFoundError, papers.PaperError, OSError):
        return new
    if _timeless(old) == _timeless(new):
        return old
    return new.model_copy(update={"serial": old.serial, "version": old.version + 1})


def _timeless(one: Sbom) -> dict[str, Any]:
    bom = one.bom()
    bom["metadata"] = {key: value for key, value in bom["metadata"].items() if key != "timestamp"}
    return {key: value for key, value in bom.items() if key not in ("serialNumber", "version")}
