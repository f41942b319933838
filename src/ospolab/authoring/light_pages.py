"""A Sphinx extension: the pages load one style sheet and one script, with only what some page of the book uses.

The themes bring eight style sheets, a dozen scripts and every icon of a family twice, as a font and as a script of half
a megabyte; most of it is for pages that this book does not have. When the pages are written, the style sheets become
`_static/book.css` without the rules for classes that occur nowhere, the scripts become `_static/book.js`, and the icons
a font with the glyphs that are left. `_config.yml` registers this extension, `book/_templates/layout.html`
names the two files.
"""

import base64
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

# What the theme's layout loads by itself, before and after what extensions register.
FIRST_STYLES = ("_static/styles/theme.css", "_static/styles/pydata-sphinx-theme.css")
LAST_SCRIPTS = ("_static/scripts/bootstrap.js", "_static/scripts/pydata-sphinx-theme.js")
# Registered on every page whether used or not: tabs of sphinx-design (the book has its own).
NEVER = ("design-tabs.js",)
OURS = ("book.css", "book.js", "search/", "browser/")  # what pages load, under `_static`
# Left there by the themes: sources for debuggers, fonts of icons, translations.
LEFT_OVER = ("**/*.map", "**/*.css", "**/*.js", "vendor/fontawesome/**/*", "locales/**/*")

CLASSES = re.compile(r"""\b(?:class|id)=(?:"([^"]*)"|'([^']*)')""")
WORD = re.compile(r"[A-Za-z_][\w-]*")
PRIVATE_USE = re.compile("[\ue000-\uf8ff]")
ADDRESS = re.compile(r"""url\(\s*["']?(?!data:|#)([^"')?]+)[^"')]*["']?\s*\)""")
FONT_FAMILY = "Font Awesome 6 Free"


# --------------------------------------------------------------------------------------------------------- style sheets


def names_of(selector: Iterable) -> Iterator[str]:
    """The classes and ids that an element must have for a selector (tokens) to match it.

    What stands in brackets or in the arguments of :not(), :is() and their like does not count: without it the rule is
    kept, and a rule kept for nothing costs some bytes only.
    """
    tokens = list(selector)
    for before, token in zip([None, *tokens], tokens, strict=False):
        class_follows = before is not None and before.type == "literal" and before.value == "."
        if token.type == "hash" or (token.type == "ident" and class_follows):
            yield token.value


def selectors(prelude: Iterable) -> Iterator[list]:
    """The selectors of a rule, which stand between commas."""
    group: list = []
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            yield group
            group = []
        else:
            group.append(token)
    yield group


def used_rules(css: str, used: Callable[[str], bool]) -> str:
    """A style sheet without the selectors that ask for a class or id for which `used` says no.

    Rules left without a selector go, and so do groups (`@media`) left without a rule. Order is kept.
    """
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "\n".join(_kept(rules, used))


def _kept(rules: Iterable, used: Callable[[str], bool]) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            left = [one for one in selectors(rule.prelude) if all(used(name) for name in names_of(one))]
            if left and (body := tinycss2.serialize(rule.content).strip()):
                yield ",".join(tinycss2.serialize(one).strip() for one in left) + "{" + body + "}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports", "layer") and rule.content:
            inside = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if kept := "".join(_kept(inside, used)):
                yield f"@{rule.at_keyword} {tinycss2.serialize(rule.prelude).strip()}{{{kept}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword != "charset":
            yield tinycss2.serialize([rule])


def classes_of(html: str) -> set[str]:
    """Every class and id in a page."""
    return {name for quoted in CLASSES.findall(html) for value in quoted for name in value.split()}


def moved(css: str, old: Path, new: Path) -> str:
    """A style sheet whose relative addresses hold in another folder of the site.

    old, new: the folders, relative to the site.
    """

    def address(match: re.Match) -> str:
        target = (Path("/") / old / match[1]).resolve()
        return f"url({_relative(target, Path('/') / new)})"

    return ADDRESS.sub(address, css)


def _relative(path: Path, folder: Path) -> str:
    common = 0
    for one, other in zip(path.parts, folder.parts, strict=False):
        if one != other:
            break
        common += 1
    return "/".join([".."] * (len(folder.parts) - common) + list(path.parts[common:]))


# ---------------------------------------------------------------------------------------------------------------- icons


def icon_font(css: str, font: Path) -> str:
    """An `@font-face` rule that carries the icons a style sheet names, and no other.

    css: what is left of the style sheets; icons stand in it as characters of the private use area. font: the TrueType
    file of the family. An icon that the font does not have is left out.
    """
    text = re.sub(r"\\([ef][0-9a-f]{3})\b\s?", lambda match: chr(int(match[1], 16)), css, flags=re.IGNORECASE)
    wanted = {ord(icon) for icon in PRIVATE_USE.findall(text)}
    options = subset.Options(
        flavor="woff", layout_features=[], hinting=False, notdef_outline=False, name_IDs=[0, 13, 14]
    )
    with TTFont(font, recalcTimestamp=False) as whole:
        cut = subset.Subsetter(options)
        cut.populate(unicodes=wanted)
        cut.subset(whole)
        whole.flavor = "woff"
        out = io.BytesIO()
        whole.save(out)
    data = base64.b64encode(out.getvalue()).decode("ascii")
    face = f"font-family:{FONT_FAMILY!r};font-style:normal;font-weight:900;font-display:block"
    return f"@font-face{{{face};src:url(data:font/woff;base64,{data}) format('woff')}}"


# --------------------------------------------------------------------------------------------------------------- Sphinx


def take_over(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Keep from each page what it would load, and note it for the two files."""
    if app.builder.format != "html":
        return
    styles = [sheet.filename for sheet in context["css_files"]]
    scripts = [name for one in context["script_files"] if (name := one.filename) and not name.endswith(NEVER)]
    app.ospolab_styles = list(dict.fromkeys([*getattr(app, "ospolab_styles", FIRST_STYLES), *styles]))
    app.ospolab_scripts = list(dict.fromkeys([*getattr(app, "ospolab_scripts", ()), *scripts]))
    context["css_files"], context["script_files"] = [], []


def write(app: Sphinx, failure: Exception | None) -> None:
    """Write the two files when pages were written, and give their addresses a digest so that no old copy is used."""
    if failure or app.builder.format != "html":
        return
    site = Path(app.outdir)
    if hasattr(app, "ospolab_styles"):  # else no page was written
        _write(app, site)
    _forget(site / "_static")


def _write(app: Sphinx, site: Path) -> None:
    pages = [path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts]
    texts = {page: page.read_text("utf-8") for page in pages}
    scripts = [site / name for name in (*app.ospolab_scripts, *LAST_SCRIPTS)]
    script = "\n;".join(re.sub(r"(?m)^//# sourceMappingURL=.*$", "", path.read_text("utf-8")) for path in scripts)
    names = set(WORD.findall(script)).union(*map(classes_of, texts.values()))

    own = [f"_static/{name}" for name, _ in app.config.html_css_files]
    in_order = sorted(app.ospolab_styles, key=own.__contains__)  # the book's own has the last word
    style = "\n".join(moved((site / name).read_text("utf-8"), Path(name).parent, Path("_static")) for name in in_order)
    style = re.sub(r"@font-face\s*\{[^}]*fontawesome[^}]*\}", "", used_rules(style, names.__contains__))
    style = icon_font(style, site / "_static/vendor/fontawesome/webfonts/fa-solid-900.ttf") + "\n" + style
    for name, text in (("book.css", style), ("book.js", script)):
        (site / "_static" / name).write_text(text, "utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        for page in pages:
            texts[page] = re.sub(rf"(_static/{re.escape(name)})(?:\?v=\w*)?", rf"\1?v={digest}", texts[page])
    for page, text in texts.items():
        page.write_text(text, "utf-8")


def _forget(static: Path) -> None:
    """Remove what no page asks for any more; Sphinx copies it again when it builds again."""
    for path in sorted({path for pattern in LEFT_OVER for path in static.glob(pattern)}):
        if path.is_file() and not path.relative_to(static).as_posix().startswith(OURS):
            path.unlink()
    for folder in sorted(static.rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", take_over, priority=900)
    app.connect("build-finished", write, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
