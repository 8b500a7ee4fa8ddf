"""LaTeX: its own macros, units, theorems, tables; what is not printed; and time that grows with the source only."""

import time
from contextlib import suppress

import pytest

from retrieval.parsers import parse


def pieces(body, preamble=""):
    source = f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    parsed = parse(".tex", source.encode())
    return [parsed.text[block.start : block.end] for block in parsed.blocks]


@pytest.mark.parametrize(
    ("preamble", "body", "shown"),
    [
        (r"\newcommand{\toll}[2]{The toll at #1 is #2}", r"\toll{Aro}{9}. More.", "The toll at Aro is 9. More."),
        (r"\newcommand{\toll}[2][Aro]{At #1: #2}", r"\toll{9}, \toll[Bel]{8}.", "At Aro: 9, At Bel: 8."),
        (r"\def\pair#1#2{#1 and #2}", r"\pair{a}{b}.", "a and b."),
        (r"\newcommand{\a}{x\b}\newcommand{\b}{y}", r"\a.", "xy."),
        ("\\newcommand{\\a}{%\n  long text}", r"\a.", "long text."),
        (r"\DeclareMathOperator{\lag}{lag}", r"$\lag(x)$.", "lag(x)."),
        (r"\newcommand{\be}{\begin{equation}}\newcommand{\ee}{\end{equation}}", r"See \be a=b \ee it.", "See a=b it."),
        (r"\newenvironment{rem}[1]{\textbf{#1}: }{ (end)}", r"\begin{rem}{Note}Toll.\end{rem}", "Note: Toll. (end)"),
        (r"\newtheorem{thm}{Theorem}[section]", r"\begin{thm}[Lee]Boats float.\end{thm}", "Theorem (Lee). Boats float."),
        (r"\newtheorem{thm}{Theorem}", r"\begin{thm}Boats float.\end{thm}", "Theorem. Boats float."),
        ("% \\newcommand{\\a}{wrong", "Right.", "Right."),
        (r"\newcommand{\a", "Right.", "Right."),
        ("", r"One.\iffalse Two. \ifx a b\fi Three.\fi Four.", "One. Four."),
        ("", "One.\\begin{comment}Two.\\end{comment} Four.", "One. Four."),
        (r"\usepackage{siunitx}", r"\SI{5}{\kilo\metre\per\hour}, \qty{3}{\litre}", "5 km/h, 3 l"),
        (r"\usepackage{siunitx}", r"\qty{20}{\celsius}, \si{\metre\squared}, \num{2.5e-3}", "20 °C, m², 2.5 × 10^-3"),
        (r"\usepackage{siunitx}", r"\SIrange{1}{2}{\nano\metre}, \ang{45}, \qty{12}{\percent}", "1 to 2 nm, 45°, 12 %"),
        ("", r"\SI{5}{\kilo\metre}, \num{1e6}, \numrange{5}{9}", "5 km, 10^6, 5 to 9"),
        (r"\usepackage{physics}", r"$\qty{x}$ y", "x y"),
        (r"\newif\ifdraft\draftfalse", r"\ifdraft One.\else Two.\fi{} \drafttrue\ifdraft Three.\fi", "Two. Three."),
        (r"\newif\ifdraft", r"\ifdraft One.\ifx\a\b no\fi\fi Two.", "Two."),
        (r"\let\ifdraft\iffalse", r"\ifdraft One.\fi Two.", "Two."),
        (r"\def\blind{1}", r"\if1\blind One.\else Two.\fi{} \if0\blind Three.\fi", "One."),
        ("", r"\if0 One.\fi Two. \iftrue Three.\else Four.\fi", "Two. Three."),
        ("", r"\ifnum1<2 One.\else Two.\fi{} \ifdefined\nothing Three.\fi", "One."),
        ("", "One.\n% \\iffalse\nTwo. \\fi", "One. Two."),
        (r"\newcommand{\fee}{pilot fee\xspace}", r"The \fee is due, the \fee.", "The pilot fee is due, the pilot fee."),
        ("", r"See \url{http://x.y/a%20b#c_d~e} and \href{http://x.y/%20}{the list}.",
         "See <http://x.y/a%20b#c_d~e> and the list."),
        ("", r"\S~4: \pounds5, \EUR{6}, \euro{}7; 20$^\circ$C; \glqq ja\grqq{} \copyright{} \LaTeX",
         "§ 4: £5, 6 €, €7; 20°C; „ja“ © LaTeX"),
        ("", r"10\textsuperscript{6} boats on the 1\textsuperscript{st}", "10⁶ boats on the 1st"),
        ("", r"One\index{x}\todo{y}\phantom{z} \parbox{3cm}{two} \makebox[3cm][l]{three} \rule{1cm}{2pt}\nocite{a}four",
         "One two three four"),
        ("", "\\begin{lstlisting}[language=Python, caption={x}]\nprint(1)\n\\end{lstlisting}", "print(1)"),
        ("", r"\begin{tikzpicture}[scale=2]\draw (0,0) -- (1,1); \node at (0,0) {Vega};\end{tikzpicture}", "Vega"),
    ],
)  # fmt: skip
def test_what_is_printed(preamble, body, shown):
    assert " ".join(" ".join(pieces(body, preamble)).split()) == shown


def test_a_short_title_is_not_the_title_and_the_stated_encoding_is_used():
    source = "\\usepackage[cp1251]{inputenc}\\title[Сбор]{Сбор Аро}\\author{Lee\\thanks{Aro}}\\begin{document}Да.\\end{document}"
    parsed = parse(".tex", source.encode("cp1251"))
    assert (parsed.title, parsed.metadata["author"], parsed.text) == ("Сбор Аро", "Lee", "Сбор Аро\n\nДа.")


def test_tables_carry_their_names():
    table = r"""\begin{table}\caption{Tolls}\begin{tabular}{lrr}\toprule & \multicolumn{2}{c}{Toll} \\
Boat & Day & Night \\ \midrule \multirow{2}{*}{Barge} & 12 & 24 \\ & 13 & \\ \bottomrule\end{tabular}\end{table}"""
    assert pieces(table) == ["Tolls", "Boat: Barge; Toll › Day: 12; Toll › Night: 24\nBoat: Barge; Toll › Day: 13"]
    ruled = r"\begin{tabular}{|l|l|}\hline Boat & Keeper \\ \hline Barge & Ann \\ Punt & Bo \\ \hline\end{tabular}"
    assert pieces(ruled) == ["Boat: Barge; Keeper: Ann\nBoat: Punt; Keeper: Bo"]


def test_lists_are_numbered_as_printed():
    items = r"\begin{enumerate}\item One\item Two\begin{enumerate}\item Sub\end{enumerate}\item[X] Three\end{enumerate}"
    assert pieces(items) == ["1. One\n2. Two\na. Sub\nX Three"]


@pytest.mark.parametrize(
    "source",
    [
        "".join(f"\\newenvironment{{e{n}}}{{\\begin{{E{n}}}}}{{\\end{{E{n}}}}}\n" for n in range(40)) + "Text.",
        "".join(f"\\newcommand{{\\m{chr(97 + n)}}}{{\\m{chr(98 + n)}\\m{chr(98 + n)}}}" for n in range(25))
        + "\\ma Text.",
        "\\newcommand{\\a}[1]{#1#1}" + "\\a{" * 3000 + "Text.",
        "Text." + "\\iffalse " * 20_000,
        "Text." + "\\ifx" * 20_000 + "\\fi" * 20_000,
        "Text." + "\\lstinline[" * 20_000,
        "\\newcommand{\\a}{" * 5000 + "Text.",
    ],
)
@pytest.mark.slow
def test_nothing_takes_time_without_bound(source):
    started = time.process_time()
    with suppress(RecursionError):  # the sandbox says that it is nested too deeply
        parse(".tex", source.encode())
    assert time.process_time() - started < 10
