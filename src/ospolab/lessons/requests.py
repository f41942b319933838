"""Thirty messages to an open source office, and the views of the lesson "What an OSPO does".

The messages are in `requests.yml`. A place on the grid is written as the stem of its lab, "<role>/<pillar>".
"""

import html
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ipywidgets
import pandas as pd

from ospolab import course
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, Figure, canvas, figure

__all__ = [
    "ANSWERS",
    "ASKED",
    "TASKS",
    "Reading",
    "Request",
    "activities",
    "explorer",
    "grid_figure",
    "inbox",
    "mailbox",
    "opening",
    "shares_figure",
    "table",
    "title",
    "verdict",
]

MESSAGES = Path(__file__).with_suffix(".yml")

# What an office can do with a request.
ANSWERS = {"decides": "decide", "advises": "advise", "passes-on": "pass on"}

# How the survey asked for them, by the key of its question.
ASKED = {"responsibilities": "all that apply", "top_responsibilities": "up to three"}

# The survey's answers about what an office does, by the key of `survey_ospo`.
TASKS = {
    "strategy": "Strategy",
    "policies_processes": "Policies and processes",
    "licence_compliance": "Licence compliance",
    "advise": "Advice",
    "collaborate_foundations_communities": "Working with communities",
    "support_development": "Supporting development",
    "grow_talent": "Growing talent",
    "it_infrastructure": "IT infrastructure",
    "remove_friction": "Removing friction",
    "upstream_development": "Upstream development",
    "innersource_culture": "InnerSource and culture",
    "track_metrics": "Metrics",
}


@dataclass(frozen=True)
class Request:
    """One message, with the places and answers that can be defended.

    sender: a role, never a person. best: the first choice; also: other places that hold. office: the first choice
    among ANSWERS; office_also: others that hold. why: explains the first choice and the others.
    """

    id: str
    subject: str
    sender: str
    text: str
    best: str
    also: tuple[str, ...]
    office: str
    office_also: tuple[str, ...]
    why: str


@cache
def inbox() -> tuple[Request, ...]:
    """All messages, in the order of the file."""
    return tuple(
        Request(
            id=given["id"],
            subject=given["subject"],
            sender=given["from"],
            text=given["text"].strip(),
            best=given["best"],
            also=tuple(given["also"]),
            office=given["office"],
            office_also=tuple(given["office_also"]),
            why=given["why"].strip(),
        )
        for given in course.read_yaml(MESSAGES)
    )


def table() -> pd.DataFrame:
    """The first choices: one row a message, indexed by its id.

    Columns: role, pillar (keys of the curriculum), office (key of ANSWERS).
    """
    rows = [(r.id, *r.best.split("/"), r.office) for r in inbox()]
    return pd.DataFrame(rows, columns=["id", "role", "pillar", "office"]).set_index("id")


def title(place: str) -> str:
    """ "advocate/strategy" in words: "Advocate, strategy"."""
    role, pillar = place.split("/")
    return f"{_roles()[role]}, {_pillars()[pillar].lower()}"


def verdict(request: Request, place: str) -> str:
    """How well `place` holds for a message: "first choice", "holds" or "hard to defend"."""
    return _verdict(place, request.best, request.also)


def _verdict(given: str, best: str, also: tuple[str, ...]) -> str:
    return "first choice" if given == best else "holds" if given in also else "hard to defend"


def _roles() -> dict[str, str]:
    return {key: role["title"] for key, role in course.plan()["roles"].items()}


def _pillars() -> dict[str, str]:
    return {key: pillar["title"] for key, pillar in course.plan()["pillars"].items()}


# --------------------------------------------------------------------------------------------------------- pictures


def opening() -> Figure:
    """The picture the lesson opens with: a sign for each message, in a row for what the office does with it."""
    counts = table()["office"].value_counts()
    drawing, ax = canvas(5.2, 1.7)
    signs = zip(ANSWERS, ("s", "o", ">"), (ORANGE, BLUE, GREEN), strict=True)
    for row, (answer, marker, colour) in enumerate(signs):
        ax.plot(range(counts[answer]), [-row] * counts[answer], marker, color=colour, markersize=10)
    ax.set_yticks([0, -1, -2], [f"{words}: {counts[answer]}" for answer, words in ANSWERS.items()])
    ax.set_xticks([])
    ax.set_ylim(-2.6, 0.6)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return figure(
        drawing,
        alt="Thirty signs in three rows. "
        + " ".join(f"{words.capitalize()}: {counts[answer]}." for answer, words in ANSWERS.items()),
        caption="What the office does with each of the thirty messages, as we see it.",
    )


def grid_figure(request: Request, place: str | None) -> Figure:
    """The grid with the learner's place, the first choice and the others that hold, each in words.

    place: None while the learner has not chosen; then the grid tells nothing.
    """
    drawing, ax = canvas(5.4, 3.1)
    for row, role in enumerate(_roles()):
        for column, pillar in enumerate(_pillars()):
            here = f"{role}/{pillar}"
            holds = verdict(request, here) if place else "hard to defend"
            words = ["you"] if here == place else []
            if holds != "hard to defend":
                words.append(holds)
            if here == place:
                ax.fill_between([column - 0.45, column + 0.45], row - 0.42, row + 0.42, color=BLUE, alpha=0.3)
            edge, dash = {"first choice": (2.6, "-"), "holds": (1.4, "--"), "hard to defend": (0.4, "-")}[holds]
            ax.plot(*_box(column, row), color="#808080" if holds == "hard to defend" else GREEN, lw=edge, ls=dash)
            ax.text(column, row, "\n".join(words), ha="center", va="center", fontsize=10)
    ax.set_yticks(range(4), _roles().values())
    ax.set_xticks(range(4), [name.replace(" ", "\n") for name in _pillars().values()])
    ax.xaxis.tick_top()
    ax.set_ylim(3.5, -0.5)
    ax.set_xlim(-0.5, 3.5)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    if not place:
        alt = "The grid of four roles and four pillars, empty: no place is chosen yet."
        return figure(drawing, alt, caption=f"“{request.subject}”: which place on the grid?")
    others = "; ".join(title(other) for other in request.also)
    return figure(
        drawing,
        alt=f"The grid of four roles and four pillars. You chose {title(place)}: {verdict(request, place)}. "
        f"First choice: {title(request.best)}. These hold as well: {others}.",
        caption=f"“{request.subject}” on the grid.",
    )


def _box(column: int, row: int) -> tuple[list[float], list[float]]:
    left, right, top, bottom = column - 0.45, column + 0.45, row - 0.42, row + 0.42
    return [left, right, right, left, left], [top, top, bottom, bottom, top]


def shares_figure(shares: pd.DataFrame) -> Figure:
    """Two years of the survey's answers side by side. shares: per cent of the offices, one row a task, two columns."""
    before, after = shares.columns
    shown = shares.sort_values(before)
    rows = range(len(shown))
    drawing, ax = canvas(5.6, 4.4)
    ax.hlines(rows, shown[after], shown[before], color="#808080", linewidth=1)
    ax.plot(shown[before], rows, "o", color=BLUE, label=str(before))
    ax.plot(shown[after], rows, "D", color=ORANGE, label=str(after))
    ax.set_yticks(rows, shown.index)
    ax.set_xlim(0, 60)
    ax.set_xlabel("per cent of the offices that answered")
    ax.legend(loc="lower right", fontsize=10, frameon=False)
    words = "; ".join(f"{task}: {row[before]} and {row[after]}" for task, row in shown[::-1].iterrows())
    return figure(
        drawing,
        alt=f"Per cent of offices that named a task in {before} and in {after}. {words}.",
        caption=f"What offices say they do, {before} (round) and {after} (diamond). Data: survey_ospo.",
    )


# --------------------------------------------------------------------------------------------------------- explorer


def explorer() -> Explorer:
    """A message, a place and an answer against what can be defended. It starts at a place that holds.

    Another message begins without a place and an answer, and nothing is told of it before the learner has chosen.
    """
    by_id = {request.id: request for request in inbox()}
    subjects = [(f"{number}. {request.subject}", request.id) for number, request in enumerate(inbox(), 1)]

    def view(message: str, role: str, pillar: str, office: str) -> tuple[str, Figure]:
        request = by_id[message]
        place = f"{role}/{pillar}" if role and pillar else None
        if not place:
            missing = " and ".join(name for name, value in (("a pillar", pillar), ("a hat", role)) if not value)
            said = [f"<b>Choose {missing}.</b>"]
        elif not office:
            said = [_on_place(request, place), "<b>And what would you do?</b>"]
        else:
            said = [f"{_on_place(request, place)} {_on_answer(request, office)}", html.escape(request.why)]
        return "<br><br>".join([_mail(request), *said]), grid_figure(request, place)

    def choice(words: dict[str, str], value: str, description: str) -> ipywidgets.Dropdown:
        options = [("(choose)", ""), *((shown, key) for key, shown in words.items())]
        return ipywidgets.Dropdown(options=options, value=value, description=description)

    post = ipywidgets.Dropdown(options=subjects, value="leaving-researcher", description="Message")
    hat = choice(_roles(), "counselor", "Your hat")
    pillar = choice(_pillars(), "compliance", "Your pillar")
    hand = choice(ANSWERS, "decides", "You would")

    def begin_again(_change) -> None:
        # The place goes first, so that no step between tells anything of the new message.
        for control in (hat, pillar, hand):
            control.value = ""

    # Before the Explorer listens: it never judges a new message by the choices for the one before.
    post.observe(begin_again, "value")

    return Explorer(
        "Where does this message belong?",
        view,
        {"message": post, "pillar": pillar, "role": hat, "office": hand},
    )


def _mail(request: Request) -> str:
    return f"From the {html.escape(request.sender)}: “{html.escape(request.text)}”"


def _on_place(request: Request, place: str) -> str:
    others = [title(other) for other in request.also if other != place]
    rest = f" Also defensible: {'; '.join(others)}." if others else ""
    match verdict(request, place):
        case "first choice":
            return f"<b>{title(place)}</b> is our first choice too.{rest}"
        case "holds":
            return f"<b>{title(place)} holds.</b> Our first choice is <b>{title(request.best)}</b>.{rest}"
        case _:
            return (
                f"<b>{title(place)} is hard to defend.</b> {_hint(request, place)} "
                f"Our first choice is <b>{title(request.best)}</b>.{rest}"
            )


def _hint(request: Request, place: str) -> str:
    """What to look at again when a place does not hold."""
    role, pillar = place.split("/")
    roles, pillars = zip(*(there.split("/") for there in (request.best, *request.also)), strict=True)
    if role in roles and pillar in pillars:
        return "Hat and pillar each fit this message, but not together."
    if role in roles:
        asks = course.plan()["pillars"][pillar]["asks"]
        return f"The hat can fit. Look again at the question. Is it really this: “{asks}”"
    if pillar in pillars:
        return "The pillar can fit. Look again at the hat: what would be different after your answer?"
    return "Begin with the pillar: which question is asked?"


def _on_answer(request: Request, office: str) -> str:
    first, given = ANSWERS[request.office], ANSWERS[office]
    match _verdict(office, request.office, request.office_also):
        case "first choice":
            return f"To <b>{given}</b> is what we would do, too."
        case "holds":
            return f"To <b>{given}</b> holds; we would rather <b>{first}</b>."
        case _:
            return f"To <b>{given}</b> is hard to defend; we would <b>{first}</b>."


# ----------------------------------------------------------------------------------------------- for reading on a page


class Reading:
    """HTML to read, which folds or not, and `text` for where no HTML is shown."""

    def __init__(self, markup: str, text: str):
        self.markup, self.text = markup, text

    def _repr_mimebundle_(self, **_):
        return {"text/html": self.markup, "text/plain": self.text}


def mailbox() -> Reading:
    """The thirty messages as a list that folds: each shows its text, and on a click where it belongs and why."""
    items = "".join(f"<li>{_item(request)}</li>" for request in inbox())
    title_ = f"All {len(inbox())} messages, with places and reasons"
    return Reading(f"<details><summary>{title_}</summary><ol>{items}</ol></details>", title_)


def _item(request: Request) -> str:
    also = "; ".join(title(place) for place in request.also)
    answers = " or ".join(ANSWERS[answer] for answer in request.office_also)
    office = f"{ANSWERS[request.office].capitalize()}{f'; {answers} holds as well' if answers else ''}."
    return (
        f"<p><b>{html.escape(request.subject)}</b><br>{_mail(request)}</p>"
        "<details><summary>Where it belongs</summary>"
        f"<p><b>{title(request.best)}.</b> Also defensible: {also}.<br><b>{office}</b><br>"
        f"{html.escape(request.why)}</p></details>"
    )


# JupyterLab would put the words of a table at the right and in the middle.
_LEFT = "text-align:left;vertical-align:top"


def _small(words: str) -> str:
    """What a heading adds, on a line of its own: JupyterLab knows nothing of the book's style sheet."""
    return f'<small style="display:block;font-weight:normal">{html.escape(words)}</small>'


def activities() -> Reading:
    """The definition's activities on the grid, as the plan of the course places them."""
    plan = course.plan()
    heads = "".join(
        f'<th scope="col" role="columnheader" style="{_LEFT}">{pillar["title"]} {_small(pillar["asks"])}</th>'
        for pillar in plan["pillars"].values()
    )
    rows = "".join(
        f'<tr role="row"><th scope="row" role="rowheader" style="{_LEFT};overflow-wrap:normal">'
        f"{role['title']} {_small(role['does'])}</th>"
        + "".join(_cell(f"{key}/{pillar}", words) for pillar, words in _pillars().items())
        + "</tr>"
        for key, role in plan["roles"].items()
    )
    caption = "The activities of the definition, each at its place or places"
    return Reading(
        # The look of the course's own grid, which becomes a list where the page is narrow.
        '<div class="ospolab-map" style="overflow-x:auto">'
        '<table class="ospolab-grid" role="table" style="table-layout:auto;width:100%;margin:0">'
        f'<caption style="text-align:left">{caption}</caption>'
        f'<thead role="rowgroup"><tr role="row"><td class="corner" role="cell"></td>{heads}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table></div>',
        caption,
    )


def _cell(place: str, pillar: str) -> str:
    here = [one["words"] for one in course.plan()["activities"] if place in one["labs"]]
    words = "; ".join(here)
    return f'<td class="lab" role="cell" data-pillar="{pillar}" style="{_LEFT}">{words[0].upper()}{words[1:]}</td>'
