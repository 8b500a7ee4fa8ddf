"""Twice the content takes about twice the time, whatever it is made of."""

import time
from contextlib import suppress

import pytest

from retrieval.parsers import parse

CUE = "1\n00:00:01,000 --> 00:00:02,000\nWords\n"
MAIL = "Subject: S\n\n"
SHAPES = {
    "quoted lines": (".eml", MAIL, "> a\n"),
    "replies": (".eml", MAIL, "On Tue, Ann Lee of Aro wrote:\n"),
    "marks of parts": (".eml", "Subject: S\nContent-Type: multipart/mixed; boundary=B\n\n", "--B\n\na\n"),
    "separators": (".mbox", "From a 10:30 2026\nSubject: S\n\n", "\nFrom b 10:30 2026\n"),
    "messages": (".mbox", "", "From a 10:30 2026\nSubject: S\n\nWords.\n\n"),
    "cues": (".srt", "", CUE + "\n"),
    "cues without empty lines": (".srt", "", CUE),
    "angles": (".vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n", "<c.a <"),
    "quotes": (".csv", "a,b\n", '",'),
    "rows": (".csv", "a,b\n", "x,1\n"),
    "columns": (".csv", "", "a;"),
    "bars": (".md", "| a |\n|---|\n", "| ** __ [ ` |\n"),
    "one cell": (".md", "| a |\n|---|\n| ", "**a _b [c "),
    "front matter": (".md", "---\n", "a: [\n"),
    "lists": (".html", "<ol>", "<li>a"),
    "cells": (".html", "<table>", "<tr><td>a<td>b"),
    "spans": (".html", "<table><tr>", "<td rowspan=9999 colspan=9>a"),
    "rules": (".html", "<style>", ".a{display:none}@media x{"),
    "buttons": (".html", "<p>", "a<button>b</button>"),
    "raised": (".html", "<p>", "1<sup>2</sup>"),
    "backspaces": (".txt", "", "a\ba"),
    "high bytes": (".txt", "\udce9 ", "\udcd5a \udcd2"),
    "environments": (".tex", "", "\\begin{a}"),
    "definitions": (".tex", "", "\\newcommand{\\a}[1]{#1} \\a"),
    "brackets": (".tex", "\\newcommand{\\a}[1][x]{#1}", "\\a[{"),
}  # fmt: skip


def seconds(suffix, content):
    started = time.process_time()
    with suppress(Exception):  # what is refused takes time too
        parse(suffix, content.encode("utf-8", "surrogateescape"))
    return time.process_time() - started


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_with_the_content_only(shape):
    suffix, begin, unit = SHAPES[shape]
    count = 12_000 // len(unit)
    seconds(suffix, begin + unit)
    once = min(seconds(suffix, begin + unit * count) for _ in range(2))
    twice = min(seconds(suffix, begin + unit * 2 * count) for _ in range(2))
    assert twice < 3 * once + 0.3
