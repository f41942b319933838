"""Pages derived from the plan of the course: the activities of the definition, and the paths for five learners."""

import re
from dataclasses import dataclass
from pathlib import Path

from myst_parser.mdit_to_docutils.base import default_slugify

from ospolab import course
from ospolab.authoring import outcomes

NOTE = "<!-- Derived by ospolab.authoring.pages; do not edit. -->"
# Where the definition names an activity, in its own order.
PARTS = {
    "what": ("What an office does", "The definition's first list: the work itself."),
    "why": ("Why there is one", "What the organisation has an office for, seen from outside and from inside."),
    "who": ("What its people do", "What the definition names under the four hats and not already above."),
    "forms": ("In which forms", "The definition ends by saying that no two offices look alike."),
}
TIME = re.compile(r"\*\*Time:\*\*\s*(?P<lesson>\d+) minutes(?:[^.]*?\band (?P<exercise>\d+)\b)?")
ACTIVITIES = re.compile(r"\*\*Activities of the OSPO definition:\*\*\s*(?P<words>.+?)\.?\s*(?:\n\n|\Z)", re.DOTALL)


# ------------------------------------------------------------------------------------------------------ what they say


def said_minutes(notebook) -> tuple[int | None, int | None]:
    """Minutes for the lesson and for its exercise, as its prerequisites say; None for what they do not say."""
    found = TIME.search(_prerequisites(notebook))
    return (None, None) if not found else tuple(int(n) if n else None for n in found.group("lesson", "exercise"))


def said_activities(notebook) -> str:
    """What a lesson says of the activities it covers, on one line; "" if it says nothing."""
    found = ACTIVITIES.search(_prerequisites(notebook))
    return " ".join(found["words"].split()) if found else ""


def _prerequisites(notebook) -> str:
    return "\n\n".join(cell.source for cell in outcomes.section(notebook, "Prerequisites"))


def activities_of(stem: str) -> list[str]:
    """The words that the lesson `stem` should name, in the order of the plan."""
    return [activity["words"] for activity in course.plan()["activities"] if stem in activity["labs"]]


# --------------------------------------------------------------------------------------------------------- activities


def _lab(lesson: course.Lesson) -> str:
    """A lesson's title: a link where it exists, otherwise with the words `to come`."""
    return f"[{lesson.title}](../notebooks/{lesson.stem}.ipynb)" if lesson.exists else f"{lesson.title} *(to come)*"


def spot(lesson: course.Lesson) -> str:
    """Where a lesson stands in the grid: "Enabler / governance", or the band outside it."""
    roles, pillars = course.plan()["roles"], course.plan()["pillars"]
    if lesson.role not in roles:
        return lesson.role.capitalize()
    return f"{roles[lesson.role]['title']} / {pillars[lesson.pillar]['title'].lower()}"


def activities_page(root: Path) -> str:
    """`book/activities.md`: each activity with its labs, and each lab with its activities."""
    plan, lessons = course.plan()["activities"], {lesson.stem: lesson for lesson in course.lessons(root)}
    parts = [
        f"""{NOTE}

# Activities of the definition

The [definition](about.md) that this course follows does not stop at a slogan: it names what an office does. Here are
its {len(plan)} activities, in words of our own, each with its place in the grid of roles and pillars and the labs in
which you do it. What is marked *to come* is planned and not written yet."""
    ]
    for part, (heading, says) in PARTS.items():
        rows = ["| Activity | Where you do it |", "|---|---|"]
        for activity in (one for one in plan if one["part"] == part):
            where = "<br>".join(f"{spot(lessons[stem])}: {_lab(lessons[stem])}" for stem in activity["labs"])
            also = f"<br>and {activity['also']}" if "also" in activity else ""
            words = activity["words"][0].upper() + activity["words"][1:]
            rows.append(f"| **{words}.** {activity['means']} | {where}{also} |")
        parts += [f"## {heading}", says, "\n".join(rows)]
    rows = ["| Lab | Activities |", "|---|---|"]
    rows += [
        f"| {_lab(lesson)}<br>{spot(lesson)} | {'; '.join(activities_of(stem))} |" for stem, lesson in lessons.items()
    ]
    parts += ["## The other way round", "Each lab, and the activities of the definition it is for.", "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


# -------------------------------------------------------------------------------------------------------------- paths


@dataclass(frozen=True)
class Minutes:
    """From `low` to `high` minutes; both the same where a lesson says it exactly."""

    low: int
    high: int

    def __add__(self, other: "Minutes") -> "Minutes":
        return Minutes(self.low + other.low, self.high + other.high)

    def __str__(self) -> str:
        return f"{self.low}" if self.low == self.high else f"{self.low}–{self.high}"

    @property
    def hours(self) -> str:
        """ "12 h 30 to 19 h"; minutes are left out where there are none."""
        ends = [f"{n // 60} h {n % 60:02}".removesuffix(" 00") for n in (self.low, self.high)]
        return ends[0] if ends[0] == ends[1] else " to ".join(ends)


NONE = Minutes(0, 0)


@dataclass(frozen=True)
class Step:
    """One lesson of a path. exercise: NONE where a later lesson of the path leads to the same exercise."""

    lesson: course.Lesson
    why: str
    reading: Minutes
    exercise: Minutes


@dataclass(frozen=True)
class Way:
    """The path of one kind of learner; `later` are the lessons that are not on it."""

    id: str
    title: str
    you: str
    steps: list[Step]
    later: list[course.Lesson]
    wait: str

    @property
    def minutes(self) -> Minutes:
        return _sum(self.steps)

    @property
    def here(self) -> list[Step]:
        """The steps that can be taken today."""
        return [step for step in self.steps if step.lesson.exists]

    @property
    def papers(self) -> list[str]:
        return [step.lesson.paper for step in self.steps if step.lesson.paper]


def _sum(steps: list[Step]) -> Minutes:
    return sum((step.reading + step.exercise for step in steps), NONE)


def ways(root: Path) -> list[Way]:
    """The paths of the plan, with the minutes that the lessons say; what is to come counts as planned."""
    lessons = course.lessons(root)
    found = []
    for path in course.plan()["paths"]:
        why = {one["stem"]: one["why"] for one in path["lessons"]}
        later = [lesson for lesson in lessons if lesson.stem not in why]
        found.append(Way(path["id"], path["title"], path["you"], _steps(lessons, why), later, path["wait"]))
    return found


def everything(root: Path) -> Way:
    """All lessons, in the order of the course."""
    lessons = course.lessons(root)
    return Way("everything", "", "", _steps(lessons, dict.fromkeys((one.stem for one in lessons), "")), [], "")


def _steps(lessons: list[course.Lesson], why: dict[str, str]) -> list[Step]:
    """The lessons named in `why` (stem -> reason), in that order, each exercise after the last of its lessons."""
    said = {
        lesson.stem: said_minutes(outcomes.read(lesson.path))
        for lesson in lessons
        if lesson.exists and lesson.path.is_file()
    }
    exercises: dict[str, int] = {}
    for lesson in lessons:
        told = said.get(lesson.stem, (None, None))[1] or 0
        exercises[lesson.assignment] = max(told, exercises.get(lesson.assignment, 0))
    by_stem = {lesson.stem: lesson for lesson in lessons}
    last = {by_stem[stem].assignment: stem for stem in why}
    return [
        Step(
            lesson=by_stem[stem],
            why=reason,
            reading=_minutes(said.get(stem, (None, None))[0], "lesson"),
            exercise=_minutes(exercises[by_stem[stem].assignment], "exercise")
            if last[by_stem[stem].assignment] == stem
            else NONE,
        )
        for stem, reason in why.items()
    ]


def _minutes(told: int | None, kind: str) -> Minutes:
    return Minutes(told, told) if told else Minutes(*course.plan()["minutes"][kind])


def paths_part(root: Path) -> str:
    """`book/_paths.md`, included in `book/how-to-learn.md`: an overview and a section for each path."""
    found = ways(root)
    rows = ["| You are | Lessons | Hours, with exercises |", "|---|--:|---|"]
    rows += [
        f"| [{way.title}](#{default_slugify(way.title)}) | {len(way.steps)} | {way.minutes.hours} |" for way in found
    ]
    whole = everything(root)
    rows.append(f"| Anyone, all of it in the order of the book | {len(whole.steps)} | {whole.minutes.hours} |")
    lesson, exercise = (Minutes(*course.plan()["minutes"][kind]) for kind in ("lesson", "exercise"))
    planned = f"Where no minutes are given, the lab is *to come*, and planned with {lesson} + {exercise}."
    parts = [NOTE, planned, "\n".join(rows)]
    for way in found:
        rows = ["| Step | Lesson | Minutes | Why here |", "|--:|---|---|---|"]
        for number, step in enumerate(way.steps, 1):
            minutes = _told(step) if step.lesson.exists else ""
            rows.append(f"| {number} | {_lab(step.lesson)} | {minutes} | {step.why} |")
        later = "; ".join(_lab(lesson) if lesson.exists else f"*{lesson.title}*" for lesson in way.later)
        parts += [
            f"### {way.title}",
            way.you,
            "\n".join(rows),
            f"**Together:** {way.minutes.hours}.\n\n"
            f"**Here today:** {len(way.here)} of {len(way.steps)} lessons, {_sum(way.here)} minutes.\n\n"
            f"**What can wait:** {way.wait} That is: {later}.\n\n"
            f"**You end with:** {_and(way.papers)}.",
        ]
    return "\n\n".join(parts) + "\n"


def _told(step: Step) -> str:
    return f"{step.reading} + {step.exercise}" if step.exercise != NONE else f"{step.reading}"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])}; and, from all of them, the {words[-1]}"
