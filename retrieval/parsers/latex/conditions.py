r"""TeX's conditions (\iffalse, \ifdraft, \if0 …) and comment environments -> the source without what is not printed.

What a condition asks is told from the source alone: switches of \newif, definitions of macros, numbers. Of what cannot
be told (\ifdim, \ifodd …) the first branch is printed.
"""

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"(?P<comment>(?<!\\)%[^\n]*)|\\begin\s*\{(?P<verbatim>comment|verbatim|lstlisting|minted|Verbatim)\*?\}"
    r"|\\newif\s*\\if(?P<new>[a-zA-Z@]+)[ \t]*"
    r"|\\let\s*\\if(?P<let>[a-zA-Z@]+)\s*=?\s*\\if(?P<to>true|false)(?![a-zA-Z@])"
    r"|\\(?P<name>[a-zA-Z@]+)"
)
_PRIMITIVES = frozenset(
    "if ifx ifcat ifnum ifdim ifodd ifcase ifvmode ifhmode ifmmode ifinner ifvoid ifhbox ifvbox ifeof iftrue iffalse "
    "ifdefined ifcsname iffontchar ifpdf ifpdftex ifPDFTeX ifxetex ifXeTeX ifluatex ifLuaTeX iftutex".split()
)
_TRUE = frozenset(("iftrue", "ifpdf", "ifpdftex", "ifPDFTeX", "ifhmode"))
_FALSE = frozenset(("iffalse", "ifmmode", "ifinner", "ifxetex", "ifXeTeX", "ifluatex", "ifLuaTeX", "iftutex", "ifeof"))
_NAME = r"\\[a-zA-Z@]+"
_TESTS = {
    "if": re.compile(rf"[ \t]*({_NAME}|.)(?:(?<=[a-zA-Z@])[ \t]*)?({_NAME}[ \t]*|.)", re.DOTALL),
    "ifx": re.compile(rf"\s*({_NAME}|.)\s*({_NAME}[ \t]*|.)", re.DOTALL),
    "ifnum": re.compile(rf"\s*(-?\d+|{_NAME})\s*([<=>])\s*(-?\d+|{_NAME})\s?"),
    "ifdefined": re.compile(rf"\s*({_NAME}[ \t]*)"),
    "ifcsname": re.compile(r"\s*([^\\{}]{1,80})\\endcsname[ \t]*"),
    "ifdim": re.compile(rf"\s*[^\s<=>]{{1,80}}\s*[<=>]\s*(?:{_NAME}|-?[\d.]+\s*[a-z]{{2}})\s?"),
    "ifodd": re.compile(rf"\s*(?:\d+|{_NAME})\s?"),
}
_BODY = re.compile(r"\\(?:def|(?:re)?newcommand\*?|providecommand\*?)\s*\{?\s*(\\[a-zA-Z@]+)\s*\}?\s*\{([^{}]*)\}")


class _Condition:
    """One that is open: whether it is true, and whether what stands now is printed."""

    def __init__(self, is_true: bool, outer: bool) -> None:
        self.is_true, self.outer, self.is_shown = is_true, outer, outer and is_true


def printed(source: str) -> str:
    """Return a source without the branches that are not printed; what is never ended is no condition."""
    bodies = dict(_BODY.findall(source))
    switches = {f"if{name}": False for name in re.findall(r"\\newif\s*\\if([a-zA-Z@]+)", source)}
    switches |= {f"if{found['let']}": False for found in _TOKEN.finditer(source) if found["let"]}
    tokens = list(_tokens(source))
    ended = _ended(tokens, switches)
    parts: list[str] = []
    open_: list[_Condition] = []
    position = 0
    for found, end in tokens:
        if found.start() < position:
            continue
        shown = not open_ or open_[-1].is_shown
        name = found["name"] or ""
        passed = found.end()
        if found["verbatim"]:
            passed = end
        elif found["new"] or found["let"]:
            switches[f"if{found['new'] or found['let']}"] = found["to"] == "true"
        elif found.start() in ended and name not in ("else", "or", "fi"):
            is_true, passed = _test(source, name, passed, switches, bodies)
            open_.append(_Condition(is_true, shown))
        elif name in ("else", "or") and open_:
            condition = open_[-1]
            condition.is_shown = condition.outer and name == "else" and not condition.is_true
        elif name == "fi" and found.start() in ended:
            del open_[-1:]  # none where a test took what began it: \\ifx\\ifx
        elif name and (switch := _switched(name, switches)):
            if shown:
                switches[switch] = name.endswith("true")
        else:
            continue
        is_kept = shown and bool(found["verbatim"]) and found["verbatim"] != "comment"
        parts.append(source[position : passed if is_kept else found.start()] if shown else "")
        position = passed
    return "".join([*parts, source[position:]])


def _tokens(source: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield what matters with where it ends; nothing inside comments and verbatim environments."""
    position = 0
    endless: set[str] = set()
    while (found := _TOKEN.search(source, position)) is not None:
        position = found.end()
        if found["verbatim"] and found["verbatim"] not in endless:
            end = re.compile(rf"\\end\s*\{{{found['verbatim']}\*?\}}").search(source, position)
            if end is not None:
                position = end.end()
                yield found, position
            else:
                endless.add(found["verbatim"])
        elif not found["comment"] and not found["verbatim"]:
            yield found, position


def _ended(tokens: list[tuple[re.Match[str], int]], switches: dict[str, bool]) -> set[int]:
    r"""Return where the conditions stand that are ended, and the \fi that end them."""
    open_: list[int] = []
    ended: set[int] = set()
    for found, _ in tokens:
        name = found["name"]
        if name in _PRIMITIVES or name in switches:
            open_.append(found.start())
        elif name == "fi" and open_:
            ended |= {open_.pop(), found.start()}
    return ended


def _switched(name: str, switches: dict[str, bool]) -> str:
    r"""Return the switch that \drafttrue or \draftfalse sets, "" for other macros."""
    switch = f"if{name.removesuffix('true').removesuffix('false')}"
    return switch if name.endswith(("true", "false")) and switch in switches else ""


def _test(source: str, name: str, position: int, switches: dict[str, bool], bodies: dict[str, str]) -> tuple[bool, int]:
    """Return whether a condition is true, and where what it asks ends."""
    if name in switches or name in _TRUE or name in _FALSE:
        blank = re.compile(r"[ \t]*").match(source, position)
        return switches.get(name, name in _TRUE), blank.end() if blank else position
    asked = _TESTS[name].match(source, position) if name in _TESTS else None
    if asked is None:
        return True, position
    given = [part.strip() or " " for part in asked.groups()]
    if name == "ifx":
        return given[0] == given[1] or bodies.get(given[0]) == bodies.get(given[1]), asked.end()
    if name == "ifdefined":
        return given[0] in bodies, asked.end()
    if name == "ifcsname":
        return f"\\{given[0]}" in bodies, asked.end()
    told = [bodies.get(part, part) for part in given]
    if name == "if":
        return told[0][:1] == told[1][:1], asked.end()
    if name == "ifnum" and all(re.fullmatch(r"-?\d+", told[place]) for place in (0, 2)):
        first, second = int(told[0]), int(told[2])
        return {"<": first < second, "=": first == second, ">": first > second}[told[1]], asked.end()
    return True, asked.end()
