"""The NOTICE bundle: the files that travel with a product through one channel, and the page that says what is in them.

The page is `notice-bundle.md`; the files lie in the folder `notice-bundle` beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ospolab import bundle, notices
from ospolab.bundle import Terms
from ospolab.lessons import shipping
from ospolab.notices import CHANNELS, PAPERS, WAYS
from ospolab.portfolio import organisation, papers
from ospolab.portfolio.organisation import Organisation
from ospolab.portfolio.papers import Issued

__all__ = ["FITS", "NoticeBundle", "folder", "hints", "issue", "parts", "seal"]

LAST_COPY, SUPPORT_UNTIL = date(2030, 12, 31), date(2036, 6, 30)
# What an organisation has to ship for a bundle of this channel to be of use to it.
FITS = {
    "download": {"app", "research"},
    "container": {"app", "device", "research", "saas"},
    "firmware": {"device"},
    "handover": {"app", "device", "research", "saas"},
}
# What a decision of the form means: which papers of a part go in.
GOES = {
    "nothing": (),
    "texts": ("notice", "text"),
    "notice-file": ("notice", "text", "attribution"),
    "source": ("notice", "text", "source"),
}
ANSWERS = {
    "office": "the open source programme office, by a role address with a deputy",
    "engineer": "the engineer who built this release",
    "nobody": "nobody in particular",
}
WHERE = {
    "with": "in the folder `sources` of it",
    "beside": "in the folder `sources` beside the download",
    "elsewhere": "on our source server, linked next to the download",
    "offer": "on request",
}
NEEDED = ("channel", "parts", "way", "install", "answers")


class Entry(BaseModel):
    """One thing that is in the bundle: of which part, in which version, which paper, in which file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    part: str
    version: str
    paper: str
    file: str


class NoticeBundle(Issued):
    """A NOTICE bundle. files: path -> SHA-256. offer_until: how long a written offer holds, if there is one.

    blanks: how many places in the files are still to be filled in by hand.
    """

    NAME: ClassVar[str] = "notice-bundle"
    TITLE: ClassVar[str] = "NOTICE bundle"
    LESSON: ClassVar[str] = "advocate/compliance"

    product: str
    channel: Literal["download", "container", "firmware", "handover"]
    way: Literal["with", "beside", "elsewhere", "offer"]
    offer_until: date | None = None
    answers: Literal["office", "engineer", "nobody"]
    entries: tuple[Entry, ...]
    files: dict[str, str]
    blanks: int = Field(default=0, ge=0)

    def complaints(self, organisation: Organisation) -> list[str]:
        said = self.misplaced(organisation)
        words = CHANNELS[self.channel].words
        if not FITS[self.channel] & set(organisation.ships):
            said.append(f"It is for {words}; {organisation.name} ships nothing that goes this way.")
        entries = [entry.model_dump() for entry in self.entries]
        there = bundle.lying_in(folder()) if folder().is_dir() else {}
        found = notices.check(shipping.PARTS, self.channel, entries, self.files, there)
        said += [one.says for one in found]
        said += _terms(self.channel, self.way, self.offer_until)
        if self.answers != "office":
            said.append("An offer outlives people: a role has to answer it, with a deputy.")
        if self.blanks:
            said.append(f"{self.blanks} blank{'s' * (self.blanks > 1)} in its files: fill in, then seal it again.")
        return said

    def words(self) -> dict[str, Any]:
        rows: dict[tuple[str, str], list[str]] = {}
        for entry in self.entries:
            paper = PAPERS[entry.paper].removeprefix("its ").removeprefix("a ")
            rows.setdefault((f"{entry.part} {entry.version}", entry.file), []).append(paper)
        return {
            "channel": CHANNELS[self.channel].words,
            "way": WAYS[self.way],
            "answers": ANSWERS[self.answers],
            "rows": [(part, ", ".join(what), file) for (part, file), what in rows.items()],
        }


def folder() -> Path:
    """Where the files of the bundle lie."""
    return papers.folder() / NoticeBundle.NAME


def _terms(channel: str, way: str, until: date | None) -> list[str]:
    """What does not hold of the way in which source is given, a sentence each."""
    said = []
    for duty in shipping.asked(channel):
        if duty.paper != "source":
            continue
        allowed = notices.source_ways(duty.licence, channel)
        if way not in allowed:
            ways = ", or ".join(WAYS[key] for key in allowed)
            said.append(f"{duty.part}, {duty.licence}: source may be given {ways}; not {WAYS[way]}.")
        end = notices.offer_ends(duty.licence, channel, LAST_COPY, SUPPORT_UNTIL)
        if way == "offer" and end and (until is None or until < end):
            said.append(f"{duty.part}, {duty.licence}: the offer has to hold until {end.isoformat()}.")
    return said


def _decided(answered: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Part -> papers, as the form decides; of its texts only those that are asked for, where some are."""
    found = {}
    for one in shipping.PARTS:
        goes = GOES[answered["parts"].get(one.name, {}).get("goes", "nothing")]
        asked = {duty.paper for duty in notices.owed(one, answered["channel"])}
        texts = asked & {"notice", "text"}
        keep = tuple(paper for paper in goes if paper not in ("notice", "text") or not texts or paper in texts)
        if answered["install"] == "yes" and "install" in asked:
            keep += ("install",)
        found[one.name] = keep
    return found


def _right(channel: str) -> dict[str, str]:
    """Part -> the decision of the form that holds for it through a channel."""
    found = {}
    for one in shipping.PARTS:
        asked = {duty.paper for duty in notices.owed(one, channel)}
        good = "nothing" if not asked else "texts"
        found[one.name] = "notice-file" if "attribution" in asked else "source" if "source" in asked else good
    return found


def _wrong(answered: Mapping[str, Any]) -> list[str]:
    """The parts for which the form's decision does not hold, or is open."""
    table = answered.get("parts", {})
    return [name for name, good in _right(answered["channel"]).items() if table.get(name, {}).get("goes") != good]


def _until(answered: Mapping[str, Any]) -> date | None:
    return date(int(answered["until"]), 12, 31) if "until" in answered else None


def parts(answered: Mapping[str, Any]) -> list[float]:
    """How far a form's answers hold: what goes in for each part (from half right upwards); the way to the source, and
    until when an offer holds; installation and who answers. answered: any may be missing."""
    channel, way = answered.get("channel"), answered.get("way")
    if channel not in FITS:
        return [0.0, 0.0, 0.0]
    needs = any(duty.paper == "install" for duty in shipping.asked(channel))
    rest = (answered.get("install") == ("yes" if needs else "no"), answered.get("answers") == "office")
    return [
        max(0.0, 1 - 2 * len(_wrong(answered)) / len(shipping.PARTS)),
        float(way is not None and not _terms(channel, way, _until(answered))),
        float(all(rest)),
    ]


def hints(answered: Mapping[str, Any]) -> list[str]:
    """For what does not hold of a form's answers, a line each that says where to look."""
    channel, way = answered.get("channel"), answered.get("way")
    if channel not in FITS:
        return ["- Without a channel nobody can say what has to travel."]
    goes, source, rest = parts(answered)
    said = []
    if goes < 1:
        said.append(f"As {CHANNELS[channel].words}, look again at: {', '.join(_wrong(answered))}.")
    if source < 1 and way is not None:
        said += _terms(channel, way, _until(answered))
    if rest < 1:
        said.append("Installation is asked for in a home device, by LGPL-3.0 (4(e)); a role with a deputy answers.")
    return [f"- {line}" for line in said]


def issue(answered: Mapping[str, Any]) -> str:
    """Write the bundle and its page into the portfolio and return the page; while answers are missing, say that."""
    rows = answered.get("parts", {})
    open_ = any(field not in answered for field in NEEDED) or any(
        "goes" not in rows.get(one.name, {}) for one in shipping.PARTS
    )
    if open_ or (answered["way"] == "offer" and "until" not in answered):
        return "Not written yet: the form above is not complete; its check names what is missing."
    ours = organisation.current()
    until = _until(answered) if answered["way"] == "offer" else None
    terms = Terms(
        answered["way"],
        WHERE[answered["way"]],
        until.isoformat() if until else "",
        ANSWERS[answered["answers"]],
        answered.get("organisation") or ours.name,
    )
    try:
        made = bundle.made(
            shipping.PRODUCT, shipping.PARTS, answered["channel"], shipping.ORIGINS, terms, _decided(answered)
        )
    except (PackageNotFoundError, FileNotFoundError, ValueError) as error:
        return f"Not written: the licence texts come from the course's own environment, and there {error}."
    paper = NoticeBundle(
        organisation=answered.get("organisation") or ours.name,
        written=date.today(),
        product=shipping.PRODUCT,
        channel=answered["channel"],
        way=answered["way"],
        offer_until=until,
        answers=answered["answers"],
        entries=tuple(Entry(**entry) for entry in made.entries),
        files=made.sums(),
        blanks=sum(text.count(papers.BLANK) for text in made.files.values()),
    )
    if not _stands(paper):
        bundle.save(made, folder())
        return papers.issued(paper, ours)
    return papers.issued(papers.read(NoticeBundle), ours)


def _stands(new: NoticeBundle) -> bool:
    """Whether the portfolio has this bundle with all its files already: what was filled in there is not overwritten."""
    try:
        old = papers.read(NoticeBundle)
    except (FileNotFoundError, papers.PaperError, OSError):
        return False
    changing = {"written", "files", "blanks"}
    same = old.model_dump(exclude=changing) == new.model_dump(exclude=changing)
    return same and all((folder() / name).is_file() for name in new.files)


def seal() -> str:
    """Take the files of the bundle as they lie now, after blanks were filled in, into manifest and page. Raises
    FileNotFoundError where there is no bundle."""
    old = papers.read(NoticeBundle)
    there = bundle.lying_in(folder())
    files = {name: notices.digest(content) for name, content in there.items() if name in old.files}
    texts = {name: there[name].decode("utf-8", "replace") for name in files}
    entries = tuple(entry.model_dump() for entry in old.entries)
    bundle.save(bundle.Bundle(old.channel, entries, texts), folder())
    blanks = sum(text.count(papers.BLANK) for text in texts.values())
    return str(papers.write(old.model_copy(update={"files": files, "blanks": blanks})))
