"""Thirty messages to an open source office, and the views of the lesson "What an OSPO does".

The messages are in `requests.yml`. A place on the grid is written as the stem of its lab, "<role>/<pillar>".
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ipywidgets
from IPython.display import HTML

from ospolab import course
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import BLUE, GREEN, ORANGE, Figure, sketch
from ospolab.lessons.tables import plain

__all__ = [
    "ANSWERS",
    "ASKED",
    "TASKS",
    "Reading",
    "Request",
    "activities",
    "counted",
    "explorer",
    "grid_figure",
    "inbox",
    "mailbox",
    "opening",
    "ranks",
    "shares",
    "shares_figure",
    "side_by_side",
    "ticks",
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


def counted() -> HTML:
    """How often each hat decides, advises and passes on, by the first choices: a row a role."""
    found = Counter((request.best.partition("/")[0], request.office) for request in inbox())
    rows = [[name, *(str(found[role, answer]) for answer in ANSWERS)] for role, name in _roles().items()]
    return plain(["hat", *ANSWERS.values()], rows)


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
    counts = Counter(request.office for request in inbox())
    shapes = {  # one sign at x, in a row whose middle is at y
        "decides": lambda x, y: f'<rect x="{x - 5}" y="{y - 5}" width="10" height="10" fill="{ORANGE}"/>',
        "advises": lambda x, y: f'<circle cx="{x}" cy="{y}" r="5.5" fill="{BLUE}"/>',
        "passes-on": lambda x, y: f'<path d="M{x - 5} {y - 6}l11 6-11 6z" fill="{GREEN}"/>',
    }
    lines = []
    for row, (answer, words) in enumerate(ANSWERS.items()):
        y = 22 + 34 * row
        lines.append(f'<text x="86" y="{y + 4}" text-anchor="end">{words}: {counts[answer]}</text>')
        lines += [shapes[answer](104 + 17 * at, y) for at in range(counts[answer])]
    return sketch(
        "\n".join(lines),
        width=374,
        height=112,
        alt="Thirty signs in three rows. "
        + " ".join(f"{words.capitalize()}: {counts[answer]}." for answer, words in ANSWERS.items()),
        caption="What the office does with each of the thirty messages, as we see it.",
    )


def grid_figure(request: Request, place: str | None) -> Figure:
    """The grid with the learner's place, the first choice and the others that hold, each in words.

    place: None while the learner has not chosen; then the grid tells nothing.
    """
    wide, high, left, top = 76, 46, 112, 40
    lines = []
    for column, name in enumerate(_pillars().values()):
        x, words = left + wide * (column + 0.5), name.split()
        for line, word in enumerate(words):
            y = top - 9 - 13 * (len(words) - 1 - line)
            lines.append(f'<text x="{x:g}" y="{y}" text-anchor="middle">{word}</text>')
    for row, (role, name) in enumerate(_roles().items()):
        y = top + high * row
        lines.append(f'<text x="{left - 8}" y="{y + high / 2 + 4:g}" text-anchor="end">{name}</text>')
        lines += [_cell_of(left + wide * column, y, wide, high, request, f"{role}/{pillar}", place)
                  for column, pillar in enumerate(_pillars())]  # fmt: skip
    body = "\n".join(lines)
    size = {"width": left + 4 * wide + 2, "height": top + 4 * high + 2}
    if not place:
        alt = "The grid of four roles and four pillars, empty: no place is chosen yet."
        return sketch(body, **size, alt=alt, caption=f"“{request.subject}”: which place on the grid?")
    others = "; ".join(title(other) for other in request.also)
    return sketch(
        body,
        **size,
        alt=f"The grid of four roles and four pillars. You chose {title(place)}: {verdict(request, place)}. "
        f"First choice: {title(request.best)}. These hold as well: {others}.",
        caption=f"“{request.subject}” on the grid.",
    )


def _cell_of(x: int, y: int, wide: int, high: int, request: Request, here: str, place: str | None) -> str:
    """One place of the grid: how it holds by its edge, and in words."""
    holds = verdict(request, here) if place else "hard to defend"
    words = (["you"] if here == place else []) + ([holds] if holds != "hard to defend" else [])
    edge = {
        "first choice": f'stroke="{GREEN}" stroke-width="2.6"',
        "holds": f'stroke="{GREEN}" stroke-width="1.4" stroke-dasharray="5 3"',
        "hard to defend": 'stroke="#808080" stroke-width="0.5"',
    }[holds]
    fill = f'fill="{BLUE}" fill-opacity="0.3"' if here == place else 'fill="none"'
    box = f'<rect x="{x + 3}" y="{y + 3}" width="{wide - 6}" height="{high - 6}" {fill} {edge}/>'
    middle = y + high / 2 + 4 - 6.5 * (len(words) - 1)
    return box + "".join(
        f'<text x="{x + wide / 2:g}" y="{middle + 13 * line:g}" text-anchor="middle" font-size="10">{word}</text>'
        for line, word in enumerate(words)
    )


# ----------------------------------------------------------------------------------------------------------- survey

Answers = Sequence[Mapping[str, str]]  # rows of the table `survey_ospo`, as text


def _by_task(tasks: Answers, value: Callable[[Mapping[str, str]], float]) -> dict[str, dict[str, float]]:
    """Task in words -> year -> a value of its row; without "other", which is no task."""
    found: dict[str, dict[str, float]] = {}
    for row in tasks:
        if row["answer"] != "other":
            found.setdefault(TASKS[row["answer"]], {})[row["year"]] = value(row)
    return found


def shares(tasks: Answers) -> dict[str, tuple[int, int]]:
    """Task in words -> per cent of the offices that named it, in the first and in the second year of `tasks`."""
    by_task = _by_task(tasks, lambda row: round(100 * int(row["respondents"]) / int(row["base"])))
    return {task: (of[min(of)], of[max(of)]) for task, of in by_task.items()}


def side_by_side(shares: Mapping[str, tuple[int, int]], *tasks: str) -> HTML:
    """Some tasks of `shares`, a row each, in the two years of the lesson."""
    return plain(["task", "2023", "2024"], [[task, *map(str, shares[task])] for task in tasks])


def ticks(tasks: Answers) -> HTML:
    """For each year: how the survey asked, how many offices answered, and how many ticks each made."""
    lines = []
    for year in sorted({row["year"] for row in tasks}):
        given = [row for row in tasks if row["year"] == year]
        offices, made = int(given[0]["base"]), sum(int(row["respondents"]) for row in given)
        lines.append([year, ASKED[given[0]["question"]], str(offices), str(made), f"{made / offices:.1f}"])
    return plain(["year", "asked for", "offices", "ticks", "ticks per office"], lines)


def ranks(tasks: Answers, most: int = 9) -> HTML:
    """The first tasks of 2024 by rank, with their rank in 2023; tasks named equally often share the better rank."""
    named = _by_task(tasks, lambda row: int(row["respondents"]))

    def rank(task: str, year: str) -> int:
        return 1 + sum(of[year] > named[task][year] for of in named.values())

    first = sorted(named, key=lambda task: (rank(task, "2024"), task))[:most]
    lines = [[task, *(str(rank(task, year)) for year in ("2023", "2024")), str(named[task]["2024"])] for task in first]
    return plain(["task", "rank in 2023", "rank in 2024", "offices in 2024"], lines)


def shares_figure(shares: Mapping[str, tuple[int, int]], before: int = 2023, after: int = 2024) -> Figure:
    """Two years of the survey's answers side by side. shares: task -> per cent of the offices in each of the two."""
    shown = sorted(shares.items(), key=lambda one: -one[1][0])
    left, width, step, top, most = 164, 230, 21, 14, 60

    def at(percent: float) -> float:
        return left + width * percent / most

    bottom = top + step * len(shown)
    lines = [f'<path d="M{left} {top - 8}V{bottom}H{left + width}" fill="none" stroke="currentColor"/>']
    for tick in range(0, most + 1, 10):
        lines.append(f'<path d="M{at(tick):g} {bottom}v4" stroke="currentColor"/>')
        lines.append(f'<text x="{at(tick):g}" y="{bottom + 17}" text-anchor="middle">{tick}</text>')
    under = f'x="{left + width / 2:g}" y="{bottom + 34}" text-anchor="middle"'
    lines.append(f"<text {under}>per cent of the offices that answered</text>")
    for row, (task, (old, new)) in enumerate(shown):
        y = top + step * row + 4
        lines.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{task}</text>')
        lines.append(f'<path d="M{at(new):g} {y}H{at(old):g}" stroke="#808080"/>')
        lines += [_round(at(old), y), _diamond(at(new), y)]
    for line, (sign, year) in enumerate(((_round, before), (_diamond, after))):
        y = bottom - 40 + 18 * line
        lines += [sign(left + width - 48, y), f'<text x="{left + width - 38}" y="{y + 4}">{year}</text>']
    words = "; ".join(f"{task}: {old} and {new}" for task, (old, new) in shown)
    return sketch(
        "\n".join(lines),
        width=left + width + 10,
        height=bottom + 42,
        alt=f"Per cent of offices that named a task in {before} and in {after}. {words}.",
        caption=f"What offices say they do, {before} (round) and {after} (diamond). Data: survey_ospo.",
    )


def _round(x: float, y: float) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="4.5" fill="{BLUE}"/>'


def _diamond(x: float, y: float) -> str:
    return f'<path d="M{x - 5:g} {y:g}l5-5 5 5-5 5z" fill="{ORANGE}"/>'


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
