"""LaTeX -> headings, paragraphs, lists; formulas as characters. Nothing is run and no other file is read.

Knows nothing about other formats.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pylatexenc import latex2text, latexwalker, macrospec

from retrieval.parsers.base import Builder, ParsedText
from retrieval.parsers.metadata import common
from retrieval.text import one_line

_LEVELS = {
    "part": 1,
    "chapter": 1,
    "section": 2,
    "subsection": 3,
    "subsubsection": 4,
    "paragraph": 5,
    "subparagraph": 6,
    "frametitle": 3,
}
_FRONT = ("title", "author", "date")
_SILENT = frozenset(
    "label maketitle tableofcontents centering includegraphics bibliographystyle bibliography input include vspace "
    "hspace newpage clearpage usepackage documentclass newcommand renewcommand providecommand hypertarget def".split()
)
_POINTERS = (
    "ref eqref autoref cref Cref pageref cite citep citet citealt citealp citeauthor citeyear citeyearpar citenum "
    "Citet Citep Citealt Citealp Citeauthor parencite textcite autocite footcite"
).split()
_SHOWING = (
    "texttt textsf textmd textup mbox keywords citetext href hyperref multicolumn multirow".split()
)  # the last one
_ARGUMENTS = {  # where pylatexenc knows of none
    "hypertarget": "{", "Cref": "{", "def": "{{", "href": "{{", "hyperref": "[{", "multicolumn": "{{{",
    "multirow": "{{{", "texorpdfstring": "{{", "parencite": "[[{", "textcite": "[[{", "autocite": "[[{",
    "footcite": "[[{", "frametitle": "{",
}  # fmt: skip
_ENVIRONMENTS = {"longtable": "[{", "tabularx": "{{", "multicols": "{", "multicols*": "{", "minipage": "[{"}
_LISTS = frozenset(("itemize", "enumerate", "description", "thebibliography"))
_TABLES = frozenset(("tabular", "tabular*", "tabularx", "longtable", "supertabular"))
_VERBATIM = frozenset(("verbatim", "lstlisting", "minted", "Verbatim"))
_FLOWING = frozenset(
    "document abstract center quote quotation figure figure* table table* theorem proof lemma definition "
    "minipage multicols multicols* frame".split()
)
_DEFINING = frozenset(("newcommand", "renewcommand", "providecommand", "def"))
_LONGEST_MACRO = 300  # characters
_SPACING = re.compile(r"\\(?:kern|hskip|vskip|raise|lower)\s*-?[\d.]+\s*(?:em|ex|pt|mm|cm|in|mu)")
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n")
_LINE_END = "\v"  # of a forced line, until blanks are made single


def read_latex(text: str) -> ParsedText:
    """Read a LaTeX source as far as one can without running it; own macros without arguments are expanded."""
    source = _SPACING.sub("", text)
    nodes, _, _ = latexwalker.LatexWalker(source, latex_context=_grammar(), tolerant_parsing=True).get_latex_nodes()
    document = next((node.nodelist for node in nodes if _environment(node) == "document"), nodes)
    tree = _Tree(Builder(), (*nodes, *document))
    stated = {name: tree.text(_argument(node)) for node in (*nodes, *document) if (name := _macro(node)) in _FRONT}
    tree.builder.add(stated.get("title", ""), 1)
    tree.add(document)
    return tree.builder.parsed(stated.get("title", ""), common((key, stated.get(key)) for key in ("author", "date")))


def _grammar() -> Any:
    """Return which macros and environments take arguments: pylatexenc's, and more."""
    grammar = latexwalker.get_default_latex_context_db()
    macros = [macrospec.std_macro(*each) for each in _ARGUMENTS.items()]
    environments = [macrospec.std_environment(*each) for each in _ENVIRONMENTS.items()]
    grammar.add_context_category("pincite", prepend=True, macros=macros, environments=environments)
    return grammar


def _macro(node: Any) -> str:
    return str(node.macroname).rstrip("*") if node.isNodeType(latexwalker.LatexMacroNode) else ""


def _environment(node: Any) -> str:
    return str(node.environmentname) if node.isNodeType(latexwalker.LatexEnvironmentNode) else ""


def _argument(node: Any) -> Any:
    """Return a macro's last argument that is there, or None."""
    given = node.nodeargd.argnlist if node.nodeargd else []
    return next((part for part in reversed(given) if part is not None), None)


def _holds_blocks(node: Any) -> bool:
    """Tell whether braces are put around headings or environments; pandoc does both."""
    is_group = node.isNodeType(latexwalker.LatexGroupNode)
    return is_group and any(_macro(part) in _LEVELS or _environment(part) for part in node.nodelist)


def _converter(nodes: Iterable[Any], cell_end: str) -> Any:
    """Return pylatexenc's converter; citations stay as keys, table cells and forced lines can be told apart."""
    context = latex2text.get_default_latex_context_db()
    shown: dict[str, Any] = {"\\": _LINE_END, "verb": _verbatim, "texorpdfstring": _first}
    shown |= dict.fromkeys(_POINTERS, _in_brackets) | dict.fromkeys(_SHOWING, _last)
    macros = [latex2text.MacroTextSpec(name, simplify_repl=text) for name, text in shown.items()]
    cells = latex2text.SpecialsTextSpec("&", simplify_repl=cell_end)
    context.add_context_category("pincite", prepend=True, macros=macros, specials=[cells])
    converter = _Converter(context, math_mode="text")
    own = [latex2text.MacroTextSpec(name, simplify_repl=_constant(converter, body)) for name, body in _defined(nodes)]
    context.add_context_category("own", prepend=True, macros=own)
    return converter


class _Converter(latex2text.LatexNodes2Text):  # type: ignore[misc]
    """Leaves as they stand the macros whose arguments are missing; pylatexenc's own fail (2.10)."""

    def apply_simplify_repl(self, node: Any, simplify_repl: Any, what: str) -> str:
        """Return what a macro or environment shows, or its source."""
        try:
            return str(super().apply_simplify_repl(node, simplify_repl, what))
        except (AttributeError, LookupError, TypeError, ValueError):
            return str(node.latex_verbatim())


def _defined(nodes: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Yield (name, body) of the macros without arguments that a source defines."""
    for node in nodes:
        given = node.nodeargd.argnlist if _macro(node) in _DEFINING and node.nodeargd else []
        parts = [part for part in given if part is not None and part.latex_verbatim() != "*"]
        name = parts[0].latex_verbatim().strip("{}\\ ") if len(parts) == 2 else ""
        if name.isalpha():
            yield name, parts[1]


def _constant(converter: Any, body: Any) -> str:
    """Return a macro's text as a format without arguments; short, so that macros in macros do not grow without end."""
    return str(converter.nodelist_to_text([body]))[:_LONGEST_MACRO].replace("%", "%%")


def _in_brackets(node: Any, l2tobj: Any) -> str:
    argument = _last(node, l2tobj)
    return argument and f"[{argument}]"


def _last(node: Any, l2tobj: Any) -> str:
    argument = _argument(node)
    return "" if argument is None else str(l2tobj.nodelist_to_text([argument]))


def _first(node: Any, l2tobj: Any) -> str:
    return str(l2tobj.nodelist_to_text(node.nodeargd.argnlist[:1]))


def _verbatim(node: Any) -> str:
    return str(node.latex_verbatim()).removeprefix("\\verb")[1:-1]


class _Tree:
    """Gives nodes to a builder, paragraph by paragraph."""

    def __init__(self, builder: Builder, nodes: Iterable[Any]) -> None:
        self.builder = builder
        self._converter = _converter(nodes, " ")
        self._in_tables = _converter(nodes, " | ")
        self._inline: list[Any] = []

    def text(self, *nodes: Any, converter: Any = None) -> str:
        """Return what nodes show; every run of white space is one blank, forced lines end."""
        shown = (converter or self._converter).nodelist_to_text([node for node in nodes if node is not None])
        return "\n".join(filter(None, map(one_line, shown.split(_LINE_END))))

    def add(self, nodes: Iterable[Any]) -> None:
        """Add the nodes of a document or environment."""
        for node in nodes:
            name, macro = _environment(node), _macro(node)
            if macro in _LEVELS or macro == "caption":
                self._flush()
                self.builder.add(self.text(_argument(node)), _LEVELS.get(macro, 0))
            elif name in _LISTS | _TABLES | _VERBATIM:
                self._flush()
                self.builder.add(self._lines(node, name), by_line=True)
            elif name in _FLOWING or _holds_blocks(node):
                self._flush()
                self.add(node.nodelist)
            elif macro not in _SILENT and macro not in _FRONT:
                self._inline.append(node)
        self._flush()

    def _flush(self) -> None:
        inline, self._inline = self._inline, []
        for part in _PARAGRAPH_END.split(self._converter.nodelist_to_text(inline)):
            self.builder.add("\n".join(filter(None, map(one_line, part.split(_LINE_END)))))

    def _lines(self, node: Any, name: str) -> str:
        """Return the lines of a list, table or listing."""
        if name in _LISTS:
            return "\n".join(self._items(node.nodelist))
        if name in _TABLES:
            rows = self.text(*node.nodelist, converter=self._in_tables).split("\n")
            return "\n".join(row.strip("| ") for row in rows)
        source: str = node.latex_verbatim()
        return source.partition("}")[2].rpartition("\\end")[0] or source

    def _items(self, nodes: Iterable[Any]) -> Iterator[str]:
        """Yield a line for each item of a list, those of the lists inside it too."""
        item: list[Any] = []
        for node in nodes:
            if _environment(node) in _LISTS:
                yield from filter(None, [self.text(*item)])
                yield from self._items(node.nodelist)
                item = []
            elif _macro(node) in ("item", "bibitem"):
                yield from filter(None, [self.text(*item)])
                item = [_argument(node)]
            else:
                item.append(node)
        yield from filter(None, [self.text(*item)])
