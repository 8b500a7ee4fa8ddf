"""Which elements of a page a person sees: by its attributes, its own style sheets, and what unfolds when clicked.

Of selectors, those of one element are understood ("p.note", "#menu.open"), none that looks at what is around it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_LISTED = re.compile(r"([^{}]{1,500})\{([^{}]{0,2000})\}")
_SELECTOR = re.compile(r"([a-z][a-z0-9]*)?((?:[.#][\w-]+)+)", re.IGNORECASE)
_CLASSES = frozenset(("visually-hidden", "visuallyhidden", "sr-only", "screen-reader-text"))
_MARKS = frozenset(("doc-backlink", "doc-pagebreak"))  # the arrow behind a footnote, the number of a printed page
_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
_NONE = re.compile(r"0(?:\.0*)?(?:px|em|rem|pt|%|vh|vw)?")
_FAR = re.compile(r"-\d{4,}(?:\.\d+)?(?:px)?|-\d{2,}(?:\.\d+)?r?em|-\d{3,}(?:\.\d+)?%")
_CLIPPED = re.compile(r"rect\((?:[01](?:px)?[\s,]*){4}\)|inset\((?:[5-9]\d|100)%.*\)|circle\(0.*\)")
_SIDES = ("left", "right", "top", "margin-left", "margin-top", "text-indent")
_WHITE = frozenset(("#fff", "#ffffff", "rgb(255,255,255)"))
_BLACK = frozenset(("#000", "#000000", "rgb(0,0,0)"))
_UNFOLDING = re.compile(
    r"accordion|collaps|tab-?(?:pane|content|cont)|(?:^|[\s_-])panel|faq|toggle|expand|answer", re.IGNORECASE
)
_OVER = re.compile(
    r"(?:^|[\s_-])(?:modal|popup|dialog|dropdown|menu|nav|navbar|offcanvas|tooltip)(?:$|[\s_-])", re.IGNORECASE
)
_SWITCHES = ("aria-controls", "data-target", "data-bs-target")


class _Rule(NamedTuple):
    """What a style sheet says of elements with a tag ("": any), and all of some marks: ".class", "#id"."""

    tag: str
    marks: frozenset[str]
    stated: Mapping[str, str]


class Sight:
    """Tells of the elements of one tree whether they are hidden; of elements without a tree, by themselves."""

    def __init__(self, tree: Any = None) -> None:
        self._rules: dict[str, list[tuple[int, _Rule]]] = {}  # one of a rule's marks -> its rules with their ranks
        self._switched: set[str] = set()
        if tree is None:
            return
        weakest_first = sorted(_rules(tree), key=lambda rule: (str(rule.marks).count("#"), len(rule.marks)))
        for rank, rule in enumerate(weakest_first):
            self._rules.setdefault(max(rule.marks), []).append((rank, rule))
        for element in tree.iter():
            if isinstance(element.tag, str) and not _OVER.search(element.get("data-bs-toggle", "")):
                self._switched.update(*(element.get(key, "").replace("#", "").split() for key in _SWITCHES))

    def hides(self, element: Any) -> bool:
        """Tell whether nobody sees an element: it does not show, and nothing on the page unfolds it."""
        if element.get("role") in _MARKS or element.get(_EPUB_TYPE) == "pagebreak":
            return True
        tag = element.tag.rpartition("}")[2].lower()
        if tag in ("html", "body"):  # a page that shows when its script has run
            return False
        if tag == "dialog" and element.get("open") is None:
            return True
        marks = {f".{each}" for each in element.get("class", "").split()} | {f"#{element.get('id')}"}
        if not _CLASSES.isdisjoint(mark[1:] for mark in marks):
            return True
        stated = {"display": "none"} if element.get("hidden", "until-found") != "until-found" else {}
        ranked = (each for mark in marks for each in self._rules.get(mark, ()))
        fitting = [(rank, rule) for rank, rule in ranked if rule.marks <= marks and rule.tag in ("", tag)]
        for _, rule in sorted(fitting, key=lambda each: each[0]):
            stated |= rule.stated
        own = _stated(element.get("style", ""))
        if not (stated or own):
            return False
        return _conceals(stated | own, element) and not self._unfolds(element)

    def _unfolds(self, element: Any) -> bool:
        """Tell whether an element is the body of an accordion or a tab: hidden until it is clicked, and read."""
        said = f"{element.get('class', '')} {element.get('role', '')}"
        if _OVER.search(said):
            return False
        before = element.getprevious()
        is_below = before is not None and isinstance(before.tag, str) and any(
            each.get("aria-expanded") is not None for each in before.iter() if isinstance(each.tag, str)
        )  # fmt: skip
        linked = sum(len("".join(link.itertext())) for link in element.iter("a", "{*}a"))
        if 2 * linked > len("".join(element.itertext())):
            return False  # a menu
        return is_below or element.get("id") in self._switched or bool(_UNFOLDING.search(said))


def _conceals(stated: Mapping[str, str], element: Any) -> bool:
    """Tell whether declarations leave nothing to see of an element."""
    if stated.get("display") == "none" or stated.get("visibility") in ("hidden", "collapse"):
        return True
    if any(_NONE.fullmatch(stated.get(key, "")) for key in ("opacity", "font-size")):
        return True
    if "hidden" in stated.get("overflow", "") and any(
        _NONE.fullmatch(stated.get(key, "")) for key in ("height", "width")
    ):
        return True
    if any(_FAR.fullmatch(stated.get(side, "")) for side in _SIDES):
        return True
    if any(_CLIPPED.fullmatch(stated.get(key, "")) for key in ("clip", "clip-path")):
        return True
    colour = _colour(stated.get("color", ""))
    return bool(colour) and colour == _ground(stated, element)


def _ground(stated: Mapping[str, str], element: Any) -> str:
    """Return the colour behind an element's text, "" where no element above it states one."""
    while True:
        found = stated.get("background-color") or stated.get("background", "")
        if found or element.getparent() is None:
            return _colour(found)
        element = element.getparent()
        stated = _stated(element.get("style", "")) or {}


def _colour(stated: str) -> str:
    return "white" if stated in _WHITE else "black" if stated in _BLACK else stated


def _stated(style: str) -> dict[str, str]:
    """Return the declarations of a style; of those of the same property the last one, or one that is important."""
    found: dict[str, str] = {}
    important: set[str] = set()
    for each in style.lower().split(";"):
        key, _, value = each.partition(":")
        key, value, mark = key.strip(), *value.partition("!")[:2]
        if mark:
            important.add(key)
        if value.strip() and (mark or key not in important):
            found[key] = " ".join(value.split()).replace(", ", ",")
    return found


def _rules(tree: Any) -> Iterator[_Rule]:
    """Yield the rules of a page's style sheets, for whatever it is shown on; what moves shows at some time."""
    for sheet in tree.iter("style", "{*}style"):
        text = re.sub(r"/\*.*?\*/", "", sheet.text or "", flags=re.DOTALL)[:200_000]
        for selectors, declared in _LISTED.findall("".join(_at_rules(text)[::2])):
            stated = _stated(declared)
            if any(key.startswith(("transition", "animation")) for key in stated):
                stated = {key: value for key, value in stated.items() if key in ("display", "visibility")}
            for each in selectors.split(","):
                if stated and (match := _SELECTOR.fullmatch(each.strip())):
                    yield _Rule((match[1] or "").lower(), frozenset(re.findall(r"[.#][\w-]+", match[2])), stated)


def _at_rules(text: str) -> list[str]:
    """Split a style sheet into what is outside and what is inside "@media …{…}", in turns."""
    parts, start, depth, inside = [], 0, 0, False
    for match in re.finditer(r"@[^{};]*\{|[{}]", text):
        if match.group().startswith("@") and not depth:
            parts.append(text[start : match.start()])
            start, depth, inside = match.start(), 1, True
        elif match.group() == "}":
            depth = max(0, depth - 1)
            if inside and not depth:
                parts.append(text[start : match.end()])
                start, inside = match.end(), False
        else:
            depth += 1
    return [*parts, text[start:]]
