"""LaTeX -> headings, paragraphs, lists; formulas as characters. Nothing is run and no other file is read.

Knows nothing about other formats.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pylatexenc import latex2text, latexwalker, macrospec

from retrieval.parsers.base import Builder, Item, ParsedText
from retrieval.parsers.figures import numbered
from retrieval.parsers.latex.macros import written_out
from retrieval.parsers.markup.decoding import decoded
from retrieval.parsers.metadata import common
from retrieval.parsers.office.runs import raised
from retrieval.parsers.tables import Cell
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
    "hspace newpage clearpage usepackage documentclass newcommand renewcommand providecommand hypertarget def index "
    "todo nocite setlength addtolength setcounter addtocounter pagestyle thispagestyle addcontentsline".split()
)
_POINTERS = (
    "ref eqref autoref cref Cref pageref cite citep citet citealt citealp citeauthor citeyear citeyearpar citenum "
    "Citet Citep Citealt Citealp Citeauthor parencite textcite autocite footcite"
).split()
_SHOWING = (
    "texttt textsf textmd textup mbox keywords citetext href hyperref multicolumn multirow parbox makebox framebox "
    "raisebox scalebox resizebox rotatebox colorbox foreignlanguage mintinline path nolinkurl".split()
)  # the last one
_UNSEEN = (
    "phantom hphantom vphantom index nocite todo thanks rule setlength addtolength setcounter addtocounter fontsize "
    "pagestyle thispagestyle selectlanguage addcontentsline markboth markright input include glsadd linespread "
    "definecolor hypersetup lstset tikzset pgfplotsset footnotemark"
).split()
_SIGNS = {
    "S": "§", "P": "¶", "pounds": "£", "textsterling": "£", "euro": "€", "EUR": "€", "yen": "¥", "textyen": "¥",
    "cent": "¢", "textcent": "¢", "copyright": "©", "degree": "°", "celsius": "°C", "LaTeX": "LaTeX", "TeX":
    "TeX", "LaTeXe": "LaTeX2e", "BibTeX": "BibTeX", "textbackslash": "\\", "textasciitilde": "~",
    "textasciicircum": "^", "glqq": "„", "grqq": "“", "glq": "‚", "grq": "‘", "flqq": "«", "frqq": "»",
    "og": "« ", "fg": " »", "dag": "†", "ddag": "‡", "textbar": "|",
    "textless": "<", "textgreater": ">",
    "textperiodcentered": "·", "slash": "/", "textquotesingle": "'", "textmu": "µ", "textohm": "Ω",
    "textperthousand": "‰", "textnumero": "№", "texttimes": "×", "textpm": "±", "checkmark": "✓", "textonehalf":
    "½", "textonequarter": "¼", "textthreequarters": "¾", "textsection": "§", "textparagraph": "¶",
    "officialeuro": "€", "texttildelow": "~",
}  # fmt: skip
_ARGUMENTS = {  # where pylatexenc knows of none
    "hypertarget": "{", "Cref": "{", "def": "{{", "href": "{{", "hyperref": "[{", "multicolumn": "{{{",
    "multirow": "{{{", "texorpdfstring": "{{", "parencite": "[[{", "textcite": "[[{", "autocite": "[[{",
    "footcite": "[[{", "frametitle": "{", "title": "[{", "author": "[{", "caption": "*[{", "captionof": "{[{",
    "parbox": "[[[{{", "makebox": "[[{", "framebox": "[[{", "raisebox": "{[[{", "scalebox": "{[{", "resizebox":
    "*{{{", "rotatebox": "[{{", "colorbox": "[{{", "foreignlanguage": "[{{", "mintinline": "[{{", "phantom":
    "{", "hphantom": "{", "vphantom": "{", "index": "[{", "nocite": "{", "todo": "[{", "thanks": "{", "rule":
    "[{{", "setlength": "{{", "addtolength": "{{", "setcounter": "{{", "addtocounter": "{{", "fontsize": "{{",
    "pagestyle": "{", "thispagestyle": "{", "selectlanguage": "{", "addcontentsline": "{{{", "markboth": "{{",
    "markright": "{", "glsadd": "{", "linespread": "{", "definecolor": "{{{", "hypersetup": "{", "lstset": "{",
    "tikzset": "{", "pgfplotsset": "{", "footnotemark": "[", "textsuperscript": "{", "path": "{", "nolinkurl":
    "{", "EUR": "{", "lstinline": "[",
}  # fmt: skip
_ENVIRONMENTS = {
    "longtable": "[{",
    "tabularx": "{{",
    "multicols": "{",
    "multicols*": "{",
    "minipage": "[[[{",
    "wrapfigure": "[{[{",
    "wraptable": "[{[{",
    "subfigure": "[{",
    "subtable": "[{",
    "adjustbox": "{",
    "tcolorbox": "[",
    "column": "[{",
    "columns": "[",
    "block": "{",
    "spacing": "{",
    "thebibliography": "{",
    "table": "[",
    "table*": "[",
}
_LISTS = frozenset(("itemize", "enumerate", "description", "thebibliography"))
_TABLES = frozenset(("tabular", "tabular*", "tabularx", "longtable", "supertabular"))
_VERBATIM = frozenset(("verbatim", "lstlisting", "minted", "Verbatim"))
_DRAWN = frozenset(("tikzpicture", "pspicture", "picture", "filecontents", "filecontents*"))
_OPTIONS = re.compile(r"(?:\[[^\]]*\])?(?:\{[^}\n]*\})?[ \t]*\n")  # of a listing
_NODE = re.compile(r"\bnode\b[^;{}]{0,300}\{([^{}]*)\}")
_FLOWING = frozenset(
    "document abstract center quote quotation figure figure* table table* theorem proof lemma definition "
    "minipage multicols multicols* frame wrapfigure wraptable subfigure subtable tcolorbox adjustbox column columns "
    "spacing block".split()
)
_INPUTENC = re.compile(rb"\\usepackage\s*\[\s*([\w-]+)\s*\]\s*\{inputenc\}")
_CODECS = {"utf8": "utf-8", "utf8x": "utf-8", "latin9": "iso8859-15", "ansinew": "cp1252", "applemac": "mac_roman"}
_LISTED = re.compile(r"\\lstinline(?:\[[^\]\n]{0,200}\])?(?=[^\s\w{\[])")
_SPACING = re.compile(r"\\(?:kern|hskip|vskip|raise|lower)\s*-?[\d.]+\s*(?:em|ex|pt|mm|cm|in|mu)")
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n")
_LINE_END = "\v"  # of a forced line, until blanks are made single
_CELL_END, _RULE, _HEAD_END, _SPAN = "\ue000", "\ue001", "\ue002", "\ue003"  # in tables, until they are cells
_SPANNING = re.compile(f"{_SPAN}([cr])(\\d+){_SPAN}")


def read_latex(content: bytes) -> ParsedText:
    """Read a LaTeX source as far as one can without running it; own macros are written out."""
    stated = _INPUTENC.search(content)
    text, warning = decoded(content, _CODECS.get(name := stated[1].decode(), name) if stated else "")
    source = written_out(_SPACING.sub("", _LISTED.sub(r"\\verb", text)))
    nodes, _, _ = latexwalker.LatexWalker(source, latex_context=_grammar(), tolerant_parsing=True).get_latex_nodes()
    document = next((node.nodelist for node in nodes if _environment(node) == "document"), nodes)
    tree = _Tree(Builder())
    front = {name: tree.text(_argument(node)) for node in (*nodes, *document) if (name := _macro(node)) in _FRONT}
    tree.builder.add(front.get("title", ""), 1)
    tree.add(document)
    known = common((key, front.get(key)) for key in ("author", "date"))
    return tree.builder.parsed(front.get("title", ""), known | ({"warnings": warning} if warning else {}))


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


def _converter(cell_end: str, **rules: str) -> Any:
    """Return pylatexenc's converter; citations stay as keys, table cells and forced lines can be told apart."""
    context = latex2text.get_default_latex_context_db()
    shown: dict[str, Any] = {"\\": _LINE_END, "verb": _verbatim, "texorpdfstring": _first}
    shown |= _SIGNS | {"textsuperscript": _raised, "EUR": _euros} | dict.fromkeys(_UNSEEN, "")
    shown |= dict.fromkeys(_POINTERS, _in_brackets) | dict.fromkeys(_SHOWING, _last)
    shown |= {"multicolumn": _across, "multirow": _down, **rules} if rules else {}
    macros = [latex2text.MacroTextSpec(name, simplify_repl=text) for name, text in shown.items()]
    cells = latex2text.SpecialsTextSpec("&", simplify_repl=cell_end)
    context.add_context_category("pincite", prepend=True, macros=macros, specials=[cells])
    return _Converter(context, math_mode="text")


class _Converter(latex2text.LatexNodes2Text):  # type: ignore[misc]
    """Leaves as they stand the macros whose arguments are missing; pylatexenc's own fail (2.10)."""

    def apply_simplify_repl(self, node: Any, simplify_repl: Any, what: str) -> str:
        """Return what a macro or environment shows, or its source."""
        try:
            return str(super().apply_simplify_repl(node, simplify_repl, what))
        except (AttributeError, LookupError, TypeError, ValueError):
            return str(node.latex_verbatim())


def _in_brackets(node: Any, l2tobj: Any) -> str:
    argument = _last(node, l2tobj)
    return argument and f"[{argument}]"


def _across(node: Any, l2tobj: Any) -> str:
    return _spanning("c", node, l2tobj)


def _down(node: Any, l2tobj: Any) -> str:
    return _spanning("r", node, l2tobj)


def _spanning(kind: str, node: Any, l2tobj: Any) -> str:
    """Return a cell's text with how many columns or rows it spans before it."""
    count = re.sub(r"\D", "", node.nodeargd.argnlist[0].latex_verbatim())[:4] if node.nodeargd else ""
    return f"{_SPAN}{kind}{count or 1}{_SPAN}{_last(node, l2tobj)}"


def _last(node: Any, l2tobj: Any) -> str:
    argument = _argument(node)
    return "" if argument is None else str(l2tobj.nodelist_to_text([argument]))


def _raised(node: Any, l2tobj: Any) -> str:
    return raised(_last(node, l2tobj))


def _euros(node: Any, l2tobj: Any) -> str:
    return f"{_last(node, l2tobj)} €"


def _first(node: Any, l2tobj: Any) -> str:
    return str(l2tobj.nodelist_to_text(node.nodeargd.argnlist[:1]))


def _verbatim(node: Any) -> str:
    return str(node.latex_verbatim()).removeprefix("\\verb")[1:-1]


class _Tree:
    """Gives nodes to a builder, paragraph by paragraph."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self._converter = _converter(" ")
        self._in_tables = _converter(_CELL_END, hline=_RULE, midrule=_HEAD_END, endhead=_HEAD_END)
        self._caption = ""
        self._inline: list[Any] = []

    def text(self, *nodes: Any, converter: Any = None) -> str:
        """Return what nodes show; every run of white space is one blank, forced lines end."""
        shown = (converter or self._converter).nodelist_to_text([node for node in nodes if node is not None])
        return "\n".join(filter(None, map(one_line, shown.split(_LINE_END))))

    def add(self, nodes: Iterable[Any]) -> None:
        """Add the nodes of a document or environment."""
        for node in nodes:
            name, macro = _environment(node), _macro(node)
            if macro == "caption" and self._caption:
                continue  # said above its table
            if macro in _LEVELS or macro == "caption":
                self._flush()
                self.builder.add(self.text(_argument(node)), _LEVELS.get(macro, 0))
            elif name in _LISTS:
                self._flush()
                self.builder.items(self._items(node))
            elif name in _TABLES:
                self._flush()
                self.builder.table(self._rows(node), caption=self._caption)
            elif name in _DRAWN:
                self._flush()
                self.builder.add(", ".join(map(one_line, _NODE.findall(node.latex_verbatim()))))
            elif name in _VERBATIM:
                self._flush()
                self.builder.add(_listing(node), by_line=True)
            elif name in ("table", "table*"):
                self._flush()
                self._caption = next(
                    (self.text(_argument(each)) for each in node.nodelist if _macro(each) == "caption"), ""
                )
                self.add(node.nodelist)
                self._caption = ""
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

    def _rows(self, node: Any) -> list[list[Cell]]:
        """Return the cells of a table; rows above its first rule but one, or its middle rule, are names."""
        shown = self._in_tables.nodelist_to_text(list(node.nodelist)).split(_LINE_END)
        rows: list[list[Cell]] = []
        rules: list[int] = []
        head = 0
        for line in shown:
            head = len(rows) if _HEAD_END in line and not head else head
            if _RULE in line or _HEAD_END in line:
                rules.append(len(rows))
            cells = [_cell(part) for part in line.replace(_RULE, "").replace(_HEAD_END, "").split(_CELL_END)]
            if any(cell.text for cell in cells):
                rows.append(cells)
        inside = [number for number in rules if 0 < number < len(rows)]
        head = head or (inside[0] if inside and len(set(inside)) < len(rows) - 1 else 0)
        return [
            [Cell(cell.text, cell.columns, is_head=number < head) for cell in row]
            for number, row in enumerate(_reached(rows))
        ]

    def _items(self, node: Any, depth: int = 0) -> Iterator[Item]:
        """Yield the items of a list with their numbers, and those of the lists inside it."""
        styles = "1aiA" if _environment(node) == "enumerate" else ""
        number, label = 0, ""
        item: list[Any] = []
        for each in node.nodelist:
            if _environment(each) in _LISTS:
                yield from self._item(item, label)
                yield from self._items(each, depth + (_environment(each) == _environment(node)))
                item, label = [], ""
            elif _macro(each) in ("item", "bibitem"):
                yield from self._item(item, label)
                own = _argument(each)
                number += own is None
                label = f"{numbered(number, styles[min(depth, 3)])}." if styles and own is None else ""
                item = [own]
            else:
                item.append(each)
        yield from self._item(item, label)

    def _item(self, nodes: list[Any], label: str) -> Iterator[Item]:
        for line in filter(None, self.text(*nodes).split("\n")):
            yield Item(line, label)
            label = ""


def _listing(node: Any) -> str:
    source: str = node.latex_verbatim()
    return _OPTIONS.sub("", source.partition("}")[2].rpartition("\\end")[0], count=1) or source


def _cell(source: str) -> Cell:
    found = _SPANNING.findall(source)
    columns = next((int(count) for kind, count in found if kind == "c"), 1)
    rows = next((int(count) for kind, count in found if kind == "r"), 1)
    return Cell(one_line(_SPANNING.sub("", source)), columns, rows)


def _reached(rows: list[list[Cell]]) -> Iterator[list[Cell]]:
    r"""Yield rows with the texts of \multirow in the empty cells below, which LaTeX wants to be there."""
    reaching: dict[int, tuple[int, str]] = {}
    for row in rows:
        column, made = 0, []
        for cell in row:
            left, text = reaching.pop(column, (0, ""))
            if left and not cell.text:
                cell = Cell(text, cell.columns, left)
            if cell.rows > 1:
                reaching[column] = (cell.rows - 1, cell.text)
            made.append(cell)
            column += cell.columns
        yield made
