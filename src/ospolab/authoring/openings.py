"""Draw the pictures that lessons open with, and keep them for the lab in the browser: see ospolab.lessons.openings."""

import importlib
import json
from pathlib import Path

from ospolab.lessons import figures, openings


def views() -> list[str]:
    """The modules of views whose `opening` is kept."""
    folder = Path(figures.__file__).parent
    return sorted(path.stem for path in folder.glob("*.py") if "\n@kept\ndef opening(" in path.read_text("utf-8"))


def drawn(name: str) -> str:
    """What is kept of the opening of a module of views, drawn anew."""
    picture = importlib.import_module(f"ospolab.lessons.{name}").opening()
    kept = {"svg": picture.svg, "alt": picture.alt, "caption": picture.caption}
    return json.dumps(kept, ensure_ascii=False, indent=0) + "\n"


def main() -> None:
    openings.FOLDER.mkdir(exist_ok=True)
    names = views()
    for path in openings.FOLDER.glob("*.json"):
        if path.stem not in names:
            path.unlink()
    for name in names:
        (openings.FOLDER / f"{name}.json").write_text(drawn(name), "utf-8")
    print(f"{len(names)} pictures are kept in {openings.FOLDER}")


if __name__ == "__main__":
    main()
