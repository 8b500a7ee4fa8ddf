"""LaTeX macros and environments that a source defines, and units -> its text with them written out.

pylatexenc writes out no arguments, and its time doubles with each environment that begins another (2.10). Here every
definition is read once, before it parses, and what is written out is bounded.
"""

import re
from dataclasses import dataclass

from retrieval.parsers.latex.conditions import printed
from retrieval.parsers.latex.units import ARGUMENTS, quantity

_MOST_GROWTH = 4  # times the source, and at least _ROOM characters, are written out
_ROOM = 200_000
_DEEPEST = 12  # macros in macros
_MOST_DEFINED = 5_000
_ADDRESS = re.compile(r"(?<!\\)%[^\n]*|(\\(?:url|href|path|nolinkurl)\s*\{)([^{}\n]*)(?=\})")
_DEGREE = re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![a-zA-Z]))")
_SIGN = re.compile(r"(?<!\\)[%#_&]")
_XSPACE = re.compile(r"\\xspace(?![a-zA-Z@])(?:\{\})?[ \t]*(?:\n(?![ \t]*\n)[ \t]*)?(?=([\s\\.,;:!?/'\")\]}{~-]?))")
_DEFINING = re.compile(
    r"(?P<passed>\\%|(?<!\\)%[^\n]*)|"
    r"\\(?:(?P<new>(?:re|provide)?newcommand|renewcommand|providecommand|DeclareRobustCommand|DeclareMathOperator)\*?"
    r"|(?P<environment>(?:re)?newenvironment)\*?|(?P<theorem>newtheorem)\*?|(?P<tex>[egx]?def))(?![a-zA-Z@])"
)
_NAME = re.compile(r"\s*(?:\{\s*\\([a-zA-Z@]+|.)\s*\}|\\([a-zA-Z@]+|.))")
_WORD = re.compile(r"\s*\{([^{}\\]{1,80})\}")
_COUNT = re.compile(r"\s*\[\s*(\d)\s*\]")
_PARAMETERS = re.compile(r"((?:#\d)*)\s*(?=\{)")
_USE = re.compile(r"(?P<comment>%[^\n]*)|\\(?:(begin|end)\s*\{([^{}\\]{1,80})\}|([a-zA-Z@]+|.))", re.DOTALL)
_PLACE = re.compile(r"#(\d)")
_BRACE = re.compile(r"\\.|%[^\n]*|[{}]", re.DOTALL)
_BRACKETS = re.compile(r"\[((?:[^\[\]{}]|\{[^{}]{0,500}\}){0,1000})\]")
_BLANK = re.compile(r"(?:[ \t]|\n(?!\n)|(?<!\\)%[^\n]*\n)+")
_SINGLE = re.compile(r"\\(?:[a-zA-Z@]+|.)|.", re.DOTALL)
_Braces = dict[int, int]  # where a brace opens -> where it is closed


@dataclass(frozen=True, slots=True)
class _Macro:
    """What stands for a macro, or for the beginning and end of an environment; default: of its first argument."""

    body: str
    arguments: int = 0
    default: str | None = None
    end: str = ""


def written_out(source: str) -> str:
    """Return a source without what is not printed, and with its own macros and units written out."""
    source = _DEGREE.sub(r"\\degree{}", _addresses_kept(printed(source)))
    has_units = "siunitx" in source or "{physics}" not in source  # whose \\qty is another
    rest, macros, environments = _definitions(source)
    writer = _Writer(macros, environments, max(_ROOM, _MOST_GROWTH * len(source)), has_units)
    return _spaced(writer.write(rest))


def _addresses_kept(source: str) -> str:
    r"""Escape what is no comment, no parameter and no index in \url{…%20…#a_b}."""
    return _ADDRESS.sub(lambda found: _escaped(found) if found[1] else found[0], source)


def _escaped(found: re.Match[str]) -> str:
    return found[1] + _SIGN.sub(r"\\\g<0>", found[2]).replace("~", "\\textasciitilde{}")


def _spaced(source: str) -> str:
    r"""Replace \xspace: a blank before a word, nothing before a mark."""
    return _XSPACE.sub(lambda found: "" if found[1] else " ", source)


def _definitions(source: str) -> tuple[str, dict[str, _Macro], dict[str, _Macro]]:
    """Return a source without its definitions, and the macros and environments that they define."""
    macros: dict[str, _Macro] = {}
    environments: dict[str, _Macro] = {}
    parts: list[str] = []
    position = 0
    braces = _braces(source)
    while len(macros) + len(environments) < _MOST_DEFINED and (found := _DEFINING.search(source, position)) is not None:
        end = None if found["passed"] else _definition(source, braces, found, macros, environments)
        parts.append(source[position : found.start() if end else found.end()])
        position = end or found.end()
    return "".join([*parts, source[position:]]), macros, environments


def _definition(
    source: str, braces: _Braces, found: re.Match[str], macros: dict[str, _Macro], environments: dict[str, _Macro]
) -> int | None:
    """Read one definition; return where it ends, None where it is none that is understood."""
    position = found.end()
    is_environment = bool(found["environment"] or found["theorem"])
    named = (_WORD if is_environment else _NAME).match(source, position)
    if named is None:
        return None
    name = next(filter(None, named.groups()))
    position = named.end()
    if found["theorem"]:
        return _theorem(source, braces, position, name, environments)
    count, default = 0, None
    if found["tex"]:
        parameters = _PARAMETERS.match(source, position)
        if parameters is None:
            return None
        count, position = len(parameters[1]) // 2, parameters.end()
    elif (counted := _COUNT.match(source, position)) is not None:
        count, position = int(counted[1]), counted.end()
        optional = _optional(source, position)
        if optional is not None:
            default, position = optional
    body = _argument(source, braces, position)
    if body is None:
        return None
    text, position = body
    if is_environment:
        ending = _argument(source, braces, position)
        if ending is None:
            return None
        environments[name] = _Macro(text, count, default, ending[0])
        return ending[1]
    if "DeclareMathOperator" in found.group():
        text = f"\\mathrm{{{text}}}"
    macros[name] = _Macro(text, count, default)
    return position


def _theorem(source: str, braces: _Braces, position: int, name: str, environments: dict[str, _Macro]) -> int | None:
    r"""Read \newtheorem{name}[counter]{Title}[section]: its title stands before what it says."""
    counter = _optional(source, position)
    position = counter[1] if counter else position
    title = _argument(source, braces, position)
    if title is None:
        return None
    after = _optional(source, title[1])
    environments[name] = _Macro(f"\n\n\\textbf{{{title[0]}#1.}} ", 1, "", "\n\n")
    return after[1] if after else title[1]


class _Writer:
    """Writes macros out until there is nothing to write out, or no room."""

    def __init__(self, macros: dict[str, _Macro], environments: dict[str, _Macro], room: int, has_units: bool) -> None:
        self._has_units = has_units
        self._macros = macros
        self._environments = environments
        self._room = room

    def write(self, source: str, depth: int = 0) -> str:
        if depth > _DEEPEST:
            return source
        parts: list[str] = []
        position = 0
        braces = _braces(source)
        while (found := _USE.search(source, position)) is not None:
            parts.append(source[position : found.start()])
            shown, position = self._shown(source, braces, found, depth)
            parts.append(shown)
        return "".join([*parts, source[position:]])

    def _shown(self, source: str, braces: _Braces, found: re.Match[str], depth: int) -> tuple[str, int]:
        """Return what stands for a use, and where what it takes ends."""
        comment, kind, environment, name = found.groups()
        if comment:
            return comment, found.end()
        if kind == "begin" and environment in ("verbatim", "lstlisting", "minted", "Verbatim"):
            end = source.find(f"\\end{{{environment}}}", found.end())
            end = end if end >= 0 else len(source)
            return source[found.start() : end], end
        if kind:
            macro = self._environments.get(environment)
            if macro is None or self._room <= 0:
                return found.group(), found.end()
            if kind == "end":
                return self._fill(macro.end, [], depth), found.end()
            return self._used(
                source, braces, macro, found, depth, is_theorem=macro.default == "" and "#1." in macro.body
            )
        macro = self._macros.get(name)
        if macro is None and name in ARGUMENTS and self._has_units:
            return _quantity(source, braces, name, found)
        if macro is None or self._room <= 0:
            return found.group(), found.end()
        return self._used(source, braces, macro, found, depth)

    def _used(
        self, source: str, braces: _Braces, macro: _Macro, found: re.Match[str], depth: int, *, is_theorem: bool = False
    ) -> tuple[str, int]:
        position = found.end()
        given: list[str] = []
        if macro.default is not None:
            optional = _optional(source, position)
            given.append(macro.default if optional is None else optional[0])
            position = position if optional is None else optional[1]
        while len(given) < macro.arguments:
            argument = _argument(source, braces, position)
            if argument is None:
                return found.group(), found.end()  # its arguments are missing: left as it stands
            given.append(argument[0])
            position = argument[1]
        if is_theorem:
            given = [f" ({given[0]})" if given[0] else ""]
        return self._fill(macro.body, given, depth), position

    def _fill(self, body: str, given: list[str], depth: int) -> str:
        text = _PLACE.sub(lambda match: given[int(match[1]) - 1] if 0 < int(match[1]) <= len(given) else "", body)
        self._room -= len(text)
        written = self.write(text, depth + 1) if self._room > 0 else text
        return f"{written}{{}}" if re.search(r"\\[a-zA-Z@]+$", written) else written


def _braces(source: str) -> _Braces:
    """Return where each opening brace is closed; those in comments or behind a backslash are none."""
    open_: list[int] = []
    pairs: _Braces = {}
    for match in _BRACE.finditer(source):
        if match.group() == "{":
            open_.append(match.start())
        elif match.group() == "}" and open_:
            pairs[open_.pop()] = match.start()
    return pairs


def _argument(source: str, braces: _Braces, position: int) -> tuple[str, int] | None:
    """Return a macro's next argument and where it ends: in braces, or one sign or macro; None where there is none."""
    blank = _BLANK.match(source, position)
    position = blank.end() if blank else position
    if position >= len(source) or source[position] == "}" or source.startswith("\n\n", position):
        return None
    if source[position] != "{":
        single = _SINGLE.match(source, position)
        return (single.group(), single.end()) if single else None
    end = braces.get(position)
    return None if end is None else (source[position + 1 : end], end + 1)


def _optional(source: str, position: int) -> tuple[str, int] | None:
    """Return an argument in square brackets and where it ends, None where there is none of a usual length."""
    while position < len(source) and source[position] in " \t":
        position += 1
    found = _BRACKETS.match(source, position)
    return (found[1], found.end()) if found else None


def _quantity(source: str, braces: _Braces, name: str, found: re.Match[str]) -> tuple[str, int]:
    position = found.end()
    optional = _optional(source, position)
    position = optional[1] if optional else position
    given: list[str] = []
    for _ in range(ARGUMENTS[name]):
        argument = _argument(source, braces, position)
        if argument is None:
            return found.group(), found.end()
        given.append(argument[0])
        position = argument[1]
    return quantity(name, given), position
