"""Answers, documents and lists become HTML and plain text. Pure: knows nothing about Gradio, libraries or browsers.

Every text goes through `escape`: documents, titles, file names and questions are untrusted.
"""

import base64
import html
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Literal
from urllib.parse import urlencode

from retrieval import Answer, Citation, Document, Hit, Passage
from retrieval.answering import NOT_STATED, ReviewRow, is_row
from retrieval.citations import PrintedPage, read_citation
from retrieval.records import Span, Version
from ui.server import Conversation, Note
from ui.web.glance import Glance
from ui.words import one_line, outcome, percent, published, verdict

State = Literal["valid", "changed", "missing"]
PAGE_LANGUAGE = "en"
NEAREST = 3  # passages shown where nothing was found
SHOWN_DOCUMENTS = 200  # in the list; more are found by typing
_REORDERS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_THUMB = (
    '<svg viewBox="0 0 24 24" aria-hidden="true">'
    '<path d="M7 10v10H4V10zM7 10l4-7c2 0 3 1 3 3l-1 3h6l1 2-2 8-1 1H7"/></svg>'
)
_PENCIL = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 20l1-5L16 4l4 4L9 19zM14 6l4 4"/></svg>'
_STATES = {"changed": "The file has changed since it was read.", "missing": "The file is no longer there."}


def escape(text: str) -> str:
    """Escape a text for HTML; braces, `$` and backticks too, which Gradio's templates would act on."""
    escaped = html.escape(text)
    return escaped.translate({ord(sign): f"&#{ord(sign)};" for sign in "{}$`\\"})


def _shown(text: str) -> str:
    """Escape a document's text, word for word; controls that would reorder it are boxed in and do nothing."""
    return _REORDERS.sub(lambda match: f'<span class="control">{match.group()}</span>', escape(text))


def _inline(text: str) -> str:
    """Escape a text that stands among ours: one line, without controls, isolated from our writing direction."""
    return f"<bdi>{escape(one_line(text))}</bdi>"


def _button(label: str, inside: str, **data: str | int) -> str:
    """Make a button; data: its data-* attributes, underscores as hyphens; inside: HTML."""
    attributes = "".join(f' data-{key.replace("_", "-")}="{escape(str(value))}"' for key, value in data.items())
    named = f' aria-label="{escape(label)}"' if label else ""
    return f'<button type="button"{named}{attributes}>{inside}</button>'


# --- answers


def turn(answer: Answer, titles: Mapping[str, str], least: float | None = None) -> str:
    """Show an answer: how sure it is, quotes or nearest passages, what lies behind, what can be done with it.

    titles: doc_id -> title of the documents that passages come from. least: the confidence that was asked for.
    Files that could not be read are named where nothing was found, as it may stand in them.
    """
    failed, known = answer.coverage.failed, answer.coverage.known
    unread = f"{failed:,} of {known:,} file{'s' if known != 1 else ''} could not be read, and may hold it."
    warning = f'<p class="warning">{unread}</p>' if failed and not answer.found else ""
    said = "".join(_part(part, titles, least) for part in answer.parts) or _said(answer, titles, least)
    return said if answer.reply else said + warning + _behind(answer, titles) + _actions(answer)


def _part(answer: Answer, titles: Mapping[str, str], least: float | None) -> str:
    """Show the answer to one of several questions under that question."""
    question = escape(one_line(answer.question))
    return f'<section class="part"><h4 dir="auto">{question}</h4>{_said(answer, titles, least)}</section>'


def _said(answer: Answer, titles: Mapping[str, str], least: float | None) -> str:
    """Show what was understood, how sure the answer is, and its quotes or the nearest passages."""
    sure = f'<p class="outcome" data-outcome="{outcome(answer)}">{escape(verdict(answer, least))}</p>'
    if answer.reply:
        return sure
    different = answer.asked_as != answer.question
    asked_as = f'<p class="asked-as">Searched for {_inline(answer.asked_as)}</p>' if different else ""
    return asked_as + sure + (_quotes(answer) if answer.found else _nearest(answer.passages[:NEAREST], titles))


def _quotes(answer: Answer) -> str:
    quotes = "".join(_quote(citation, _language_of(citation, answer.passages)) for citation in answer.citations)
    return f'<ol class="quotes">{quotes}</ol>'


def _language_of(citation: Citation, hits: Sequence[Hit]) -> str:
    """Return the language of the passage that a quote is taken from; "" where it is not among these."""
    passages = (hit.passage for hit in hits if hit.passage.doc_id == citation.doc_id)
    return next((each.language for each in passages if each.start <= citation.start < each.end), "")


def _written(language: str) -> str:
    """Return the attributes of words of a document, so that browsers hyphenate, read aloud and translate them right."""
    lang = f' lang="{escape(language)}"' if language not in ("", PAGE_LANGUAGE) else ""
    return f'dir="auto"{lang}'


def _quote(citation: Citation, language: str) -> str:
    """Show a quote with its marker and place; both lead to the source."""
    where = f"{citation.title}, {citation.locator}"
    marker = _button(f"Quote {citation.marker}, show in the source", f"[{citation.marker}]", cite=citation.marker)
    place = _button("", _inline(where), cite=citation.marker)
    pin = _button(f"Pin quote {citation.marker} to the notes", "Pin", pin=citation.marker)
    said = f'<div class="said">{_inline(citation.attribution)}</div>' if citation.attribution else ""
    return (
        f'<li><div class="marker">{marker}</div><blockquote {_written(language)}>{_emphasised(citation)}</blockquote>'
        f'<div class="place">{place}{pin}{said}<span class="state" data-state-of="{citation.marker}"></span></div></li>'
    )


def _emphasised(citation: Citation) -> str:
    """Show a quote with the very words that answer in bold, where a reader found them."""
    if citation.answer is None:
        return _shown(citation.quote)
    start, end = citation.answer
    quote = citation.quote
    return f"{_shown(quote[:start])}<b>{_shown(quote[start:end])}</b>{_shown(quote[end:])}"


def _nearest(hits: Sequence[Hit], titles: Mapping[str, str]) -> str:
    """Show the best sentences of the passages that came closest, as what they are."""
    items = (
        f"<li><p {_written(hit.passage.language)}>{_shown(_sentence(hit))}</p>{_place(hit.passage, titles)}</li>"
        for hit in hits
    )
    return f'<ul class="nearest">{"".join(items)}</ul>' if hits else ""


def _sentence(hit: Hit) -> str:
    start, end = hit.best_sentence
    return hit.passage.text[start - hit.passage.start : end - hit.passage.start]


def _place(passage: Passage, titles: Mapping[str, str]) -> str:
    where = ", ".join(filter(None, (titles.get(passage.doc_id), passage.locator)))
    button = _button("", _inline(where), doc=passage.doc_id, paragraph=passage.number)
    return f'<div class="place">{button}</div>'


def _behind(answer: Answer, titles: Mapping[str, str]) -> str:
    """Fold away the passages that the answer was taken from, cited first, the best sentence of each marked."""
    if not answer.passages:
        return ""
    hits = sorted(answer.passages, key=lambda hit: not _markers(hit.passage, answer.citations))
    items = "".join(f"<li>{_passage(hit, answer.citations, titles)}</li>" for hit in hits)
    count = f"{len(hits)} passage{'s' if len(hits) != 1 else ''} behind this"
    return f'<details class="behind"><summary>{count}</summary><ol>{items}</ol></details>'


def _passage(hit: Hit, citations: Sequence[Citation], titles: Mapping[str, str]) -> str:
    markers = "".join(
        _button(f"Quote {marker}, show in the source", f"[{marker}]", cite=marker)
        for marker in _markers(hit.passage, citations)
    )
    start, end = (offset - hit.passage.start for offset in hit.best_sentence)
    text = hit.passage.text
    marked = f"{_shown(text[:start])}<b>{_shown(text[start:end])}</b>{_shown(text[end:])}"
    marks = f'<div class="marks">{markers}{_place(hit.passage, titles)}</div>'
    return f"<p {_written(hit.passage.language)}>{marked}</p>{marks}"


def _markers(passage: Passage, citations: Sequence[Citation]) -> list[int]:
    """Return the markers of the quotes taken from a passage."""
    return [c.marker for c in citations if c.doc_id == passage.doc_id and passage.start <= c.start < passage.end]


def _actions(answer: Answer) -> str:
    """Offer what people do with an answer."""
    pairs = [("copy-plain", "Copy"), ("copy-markdown", "Copy as Markdown"), ("more", "More passages")]
    buttons = [_button("", label, do=do) for do, label in pairs if answer.passages]
    thumbs = _button("Helpful", _THUMB, do="good") + _button("Not helpful", _THUMB, do="bad")
    return f'<div class="actions">{"".join(buttons)}<span>{thumbs}</span></div>'


def markdown(answer: Answer, least: float | None = None) -> str:
    """Return an answer as Markdown, which says of one that is not sure enough what the page says of it."""
    if outcome(answer) not in ("unsure", "empty") or answer.parts:
        return answer.to_markdown()
    return "\n\n".join(filter(None, (verdict(answer, least), answer.to_markdown().partition("\n\n")[2])))


def plain(answer: Answer, least: float | None = None) -> str:
    """Return question, quotes and numbered sources as plain text, to be pasted anywhere."""
    if answer.parts:
        return "\n\n".join(plain(part, least) for part in answer.parts)
    if not answer.found:
        nearest = "".join(f"\n- {_sentence(hit)} ({hit.passage.locator})" for hit in answer.passages[:NEAREST])
        return f"{answer.question}\n\n{verdict(answer, least)}\n{nearest}".rstrip() + "\n"
    quotes = "\n\n".join(f"“{c.quote}” [{c.marker}]" for c in answer.citations)
    missing = f"{answer.reason}\n\n" if answer.reason else ""
    sources = "\n".join(map(_source, answer.citations))
    return f"{answer.question}\n\n{quotes}\n\n{missing}{sources}\n"


def _source(citation: Citation) -> str:
    """Return where a quote stands, and who says so, as one line of plain text."""
    said = f" ({one_line(citation.attribution)})" if citation.attribution else ""
    return f"[{citation.marker}] {one_line(citation.title)}, {one_line(citation.locator)}{said}"


# --- reviews


def review_head(questions: Iterable[str]) -> str:
    """Show the head of a table of reviews: a column for the documents, and one a question."""
    columns = "".join(f'<th scope="col" dir="auto">{_inline(question)}</th>' for question in questions)
    return f'<tr><th scope="col">Document</th>{columns}</tr>'


def review_row(row: ReviewRow) -> str:
    """Show what one document says to each question; title and places lead to the source."""
    document = row.document
    name = _button("", _inline(document.title or document.doc_id), doc=document.doc_id)
    cells = (_cell(document.doc_id, column, answer) for column, answer in enumerate(row.answers))
    return f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>'


def _cell(doc_id: str, column: int, answer: Answer) -> str:
    """Show the best quote with its place, how sure it is and how many more there are."""
    if not answer.citations:
        return f'<td class="none">{NOT_STATED}</td>'
    best, others = answer.citations[0], len(answer.citations) - 1
    place = _button("", _inline(best.locator), cell=column, of=doc_id)
    more = f", {others} more" if others else ""
    written = _written(_language_of(best, answer.passages))
    sure = f'<span class="sure" data-outcome="{outcome(answer)}">{percent(answer.confidence)} sure{more}</span>'
    return (
        f'<td><blockquote {written}>{_emphasised(best)}</blockquote><div class="place">{place} · {sure}'
        f'<span class="state" data-state-of="{best.marker}"></span></div></td>'
    )


# --- documents


def document(title: str, metadata: Mapping[str, Any], passages: Sequence[Passage], glance: bool = False) -> str:
    """Show a whole document with paragraph numbers in the margin. passages: all of it, in order, with texts.

    glance: whether there is a place for what `at_a_glance` shows, which is asked for when somebody opens it.
    """
    about = f"<p>{_inline(' · '.join(published(metadata)))}</p>"
    said = bool(passages) and " ".join(passages[0].text.split()).startswith(title)
    name = "" if said else f'<h3 dir="auto">{escape(one_line(title))}</h3>'
    head = f"<header>{name}{about}</header>"
    first = '<details class="glance"><summary>At a glance</summary><div></div></details>' if glance else ""
    return head + first + "".join(_paragraphs(passages))


def at_a_glance(glance: Glance, doc_id: str) -> str:
    """Show what a document is about, how it is divided, who speaks, when, and what it may be asked."""

    def led(number: int, inside: str) -> str:
        return _button("", inside, doc=doc_id, paragraph=number)

    outline = "".join(
        f'<li class="depth{min(depth, 3)}">{led(number, _inline(heading))}</li>'
        for depth, heading, number in glance.outline
    )
    told = "".join(f"<li>{led(number, _inline(each.quote))}</li>" for number, each in glance.overview)
    people = "".join(
        f"<li>{led(number, f'<strong>{_inline(each.speaker)}</strong> {_inline(each.quote)}')}</li>"
        for number, each in glance.speakers
    )
    dates = "".join(f"<li>{led(number, _inline(each.quote))}</li>" for number, each in glance.dates)
    versions = "".join(
        f"<li>{_button('', _inline(_named(each)), doc=doc_id, version=each.document.sha256)}</li>"
        for each in reversed(glance.versions)
    )
    parts = (
        ("In its own words", told), ("Outline", outline), ("Who speaks", people), ("Dates", dates),
        ("Questions that it answers", questions(glance.questions)), ("Earlier versions", versions),
    )  # fmt: skip
    return "".join(f"<h4>{name}</h4><ul>{items}</ul>" for name, items in parts if items)


def _paragraphs(passages: Sequence[Passage]) -> Iterator[str]:
    shown, names = "", list[str]()
    for number, parts in groupby(passages, key=lambda passage: passage.number):
        spans = list(parts)
        place = spans[0].place or (f"Page {spans[0].page}" if spans[0].page else "")
        if place and place != shown:
            yield f'<p class="page">{_inline(place)}</p>'
        shown = place
        link = _button(f"Copy a link to paragraph {number}", str(number), link=number)
        text = " ".join(part(passage) for passage in spans)
        written = _written(spans[0].language)
        above, names = names, table[0] if (table := _table_of(spans[0])) else []
        body = f'<div class="rows" {written}>{text}</div>' if names else f"<p {written}>{text}</p>"
        again = " again" if names and names == above else ""
        yield f'<div class="paragraph{again}" data-number="{number}">{link}{body}</div>'


def part(passage: Passage, citations: Iterable[Citation] = ()) -> str:
    """Show a passage, its headings set apart, with the words of these citations marked.

    Citations that touch are marked one after the other; where they overlap, the lower marker keeps the words.
    """
    heading = passage.sentences[0][0] if passage.sentences else passage.start
    cuts = [(passage.start, heading, "<strong>", "</strong>")] if heading > passage.start else []
    position = heading
    for citation in sorted(citations, key=lambda c: (c.start, c.marker)):
        start, end = max(citation.start, position), min(citation.end, passage.end)
        if citation.doc_id == passage.doc_id and start < end:
            cuts.append((start, end, f'<mark data-marker="{citation.marker}" tabindex="-1">', "</mark>"))
            position = end
    if table := _table_of(passage):
        return _drawn(passage, heading, cuts, *table)
    return f'<span data-start="{passage.start}">{_wrapped(passage, cuts)}</span>'


def _table_of(passage: Passage) -> tuple[list[str], list[dict[str, Span]]] | None:
    """Return the names of the columns of rows of a table, and the span of each row's cells by column.

    None where a passage is no such rows. Rows are as the parsers write them, "Port: Aro; Fee: 240" or "Aro | 240"; a
    name that most of the rows do not have is part of the value before it.
    """
    if not is_row(passage) or not passage.sentences:
        return None
    first = passage.sentences[0][0] - passage.start
    lines = [(match.start(), match.group()) for match in re.finditer("[^\n]+", passage.text[first:])]
    pieces = [list(_pieces(line, passage.start + first + at)) for at, line in lines]
    counts = Counter(name for row in pieces for name in {name for name, *_ in row})
    columns: list[str] = []
    rows: list[dict[str, Span]] = []
    for row in pieces:
        cells: dict[str, Span] = {}
        last = ""
        for name, begin, value, end in row:
            if name and 2 * counts[name] >= len(pieces) and name not in cells:
                if name not in columns:
                    columns.insert(columns.index(last) + 1 if cells else len(columns), name)
                last, cells[name] = name, (value, end)
            elif cells:
                cells[last] = (cells[last][0], end)
            else:
                columns = columns if "" in columns else ["", *columns]
                last, cells[""] = "", (begin, end)
        rows.append(cells)
    return (columns, rows) if any(columns) else None


def _pieces(line: str, at: int) -> Iterator[tuple[str, int, int, int]]:
    """Yield (name, start, start of the value, end) of each cell of a row that begins at `at`."""
    if "; " not in line and ": " not in line:
        parts, between = line.split(" | "), 3
        names = [f"\0{number}" for number in range(len(parts))] if len(parts) > 1 else [""]
    else:
        parts, between = line.split("; "), 2
        names = [name if colon else "" for name, colon, _ in (part.partition(": ") for part in parts)]
    for name, part in zip(names, parts, strict=True):
        yield name, at, at + (len(name) + 2 if name and between == 2 else 0), at + len(part)
        at += len(part) + between


def _drawn(
    passage: Passage, body: int, cuts: Sequence[tuple[int, int, str, str]], columns: Sequence[str],
    rows: Sequence[Mapping[str, Span]],
) -> str:  # fmt: skip
    """Show rows as a table, those with marks set apart. body: where the rows begin."""
    caption = f"<caption>{_inline(passage.text[: body - passage.start])}</caption>" if body > passage.start else ""
    names = [name for name in columns if not name.startswith("\0")]
    head = "".join(f'<th scope="col">{_inline(name)}</th>' if name else "<td></td>" for name in columns)
    head = f"<thead><tr>{head}</tr></thead>" if any(names) else ""
    shown = []
    for cells in rows:
        inside = [_clipped(passage, cuts, cells[name]) if name in cells else "" for name in columns]
        quoted = ' class="quoted"' if any("<mark" in text for text in inside) else ""
        shown.append(f"<tr{quoted}>{''.join(f'<td>{text}</td>' for text in inside)}</tr>")
    return f'<table data-start="{passage.start}">{caption}{head}<tbody>{"".join(shown)}</tbody></table>'


def _clipped(passage: Passage, cuts: Sequence[tuple[int, int, str, str]], span: Span) -> str:
    """Show a part of a passage with what of the cuts is in it."""
    start, end = span
    inside = [
        (max(a, start), min(b, end), opening, closing) for a, b, opening, closing in cuts if a < end and b > start
    ]
    own = replace(passage, start=start, end=end, text=passage.text[start - passage.start : end - passage.start])
    return _wrapped(own, inside)


def _wrapped(passage: Passage, cuts: Sequence[tuple[int, int, str, str]]) -> str:
    """Escape a passage's text and put tags around some spans of it; spans in order, apart from each other."""
    pieces, position = [], passage.start
    for start, end, opening, closing in cuts:
        pieces.append(_shown(passage.text[position - passage.start : start - passage.start]))
        pieces.append(f"{opening}{_shown(passage.text[start - passage.start : end - passage.start])}{closing}")
        position = end
    return "".join(pieces) + _shown(passage.text[position - passage.start :])


def pages(printed: Iterable[PrintedPage]) -> str:
    """Show printed pages, the pictures inside, with boxes over the quoted words; the first box can be focused."""
    return "".join(map(_printed, printed))


def _printed(page: PrintedPage) -> str:
    data = base64.b64encode(page.image).decode()
    boxes = "".join(_box(*box) for box in page.boxes)
    said = f"Page {page.number} as printed{', the quote highlighted' if page.boxes else ''}"
    picture = f'<img src="data:image/webp;base64,{data}" width="{page.width}" height="{page.height}" alt="{said}">'
    return (
        f'<p class="page">Page {page.number}</p><div class="sheet" data-number="{page.number}">{picture}{boxes}</div>'
    )


def _box(left: int, top: int, right: int, bottom: int) -> str:
    place = f"left:{left / 100}%;top:{top / 100}%;width:{(right - left) / 100}%;height:{(bottom - top) / 100}%"
    return f'<span class="box" tabindex="-1" style="{place}"></span>'


# --- the library


def documents(found: Sequence[tuple[Document, int]], removable: bool = True) -> str:
    """List documents with their numbers of paragraphs; each can be ticked, opened and deleted."""
    items = "".join(_document(each, count, removable) for each, count in found[:SHOWN_DOCUMENTS])
    hidden = len(found) - SHOWN_DOCUMENTS
    more = f'<p class="hint">{hidden:,} more; type above to find them.</p>' if hidden > 0 else ""
    return f'<ul class="entries documents">{items}</ul>{more}'


def _document(document: Document, count: int, removable: bool) -> str:
    title = one_line(document.title or document.doc_id)
    about = " · ".join([*published(document.metadata), f"{count:,} paragraph{'s' if count != 1 else ''}"])
    tick = f'<input type="checkbox" value="{escape(document.doc_id)}" aria-label="Ask only {escape(title)}">'
    remove = _button(f"Delete {title}", "×", remove=document.doc_id, title=title) if removable else ""
    return (
        f'<li data-document="{escape(document.doc_id)}">{tick}<div>{_button("", _inline(title), doc=document.doc_id)}'
        f'<p>{_inline(about)}</p><p class="state"></p></div>{remove}</li>'
    )


def conversations(found: Sequence[Conversation]) -> str:
    """List conversations; each can be opened, renamed and deleted."""
    return f'<ul class="entries conversations">{"".join(map(_conversation, found))}</ul>'


def _conversation(kept: Conversation) -> str:
    title = one_line(kept.title)
    count = f"{kept.turns:,} question{'s' if kept.turns != 1 else ''}"
    about = f"{time.strftime('%d %B %Y, %H:%M', time.localtime(kept.changed))} · {count}"
    rename = _button(f"Rename {title}", _PENCIL, rename=kept.id, title=title)
    delete = _button(f"Delete {title}", "×", forget=kept.id, title=title)
    return (
        f'<li data-conversation="{escape(kept.id)}"><div>{_button("", _inline(title), open=kept.id)}'
        f"<p>{escape(about)}</p></div>{rename}{delete}</li>"
    )


def notes(kept: Sequence[Note]) -> str:
    """List pinned quotes, each with its place and room to write; each can be opened and deleted."""
    return f'<ul class="entries notes">{"".join(map(_note, kept))}</ul>'


def _note(kept: Note) -> str:
    cited = read_citation(kept.citation)
    place = _button("", _inline(f"{cited.title}, {cited.locator}"), note=kept.id)
    delete = _button("Delete this note", "×", unpin=kept.id)
    label = f'aria-label="Note on {escape(one_line(cited.title))}"'
    written = (
        f'<textarea rows="2" data-writes="{kept.id}" placeholder="Your note" {label}>{escape(kept.note)}</textarea>'
    )
    return f'<li><div><blockquote dir="auto">{_emphasised(cited)}</blockquote>{place}{written}</div>{delete}</li>'


def failures(failed: Mapping[str, str]) -> str:
    """List the files that could not be read, by name only, and why."""
    items = "".join(
        f"<li>{_inline(path.replace(chr(92), '/').rsplit('/', 1)[-1])}: {_inline(reason)}</li>"
        for path, reason in failed.items()
    )
    return f"<details><summary>{len(failed)} could not be read</summary><ul>{items}</ul></details>" if failed else ""


def state(state: str) -> str:
    """Say what is wrong with a source; "" where nothing is."""
    return _STATES.get(state, "")


def cited_version(version: Version) -> str:
    """Say that a citation is of an earlier version, and lead to today's."""
    return f"Cites {escape(_named(version))}; {_button('', 'see today’s', doc=version.successor)}."


def earlier(version: Version) -> str:
    """Say above an earlier version that it is one, and lead to today's."""
    today = _button("", "See today’s", doc=version.successor)
    return f'<p class="earlier" role="note">You are reading {escape(_named(version))}. {today}</p>'


def _named(version: Version) -> str:
    """Name a version by the day that its file was written, where it had one."""
    if not version.written_ns:
        return "an earlier version"
    day = time.localtime(version.written_ns / 10**9)
    return f"the version of {day.tm_mday} {time.strftime('%B %Y', day)}"


def questions(suggested: Iterable[str]) -> str:
    """Offer questions to begin with."""
    return "".join(f"<li>{_button('', _inline(question), ask=question)}</li>" for question in suggested)


def libraries(names: Sequence[str], shown: str, own: bool, archived: Sequence[str] | None) -> str:
    """List libraries, the first one as what the address without a name means, and what can be done with them.

    own: whether the one that is shown can be renamed and archived. archived: those out of sight; None where nobody may
    create any.
    """
    items = "".join(
        f'<li><a href="?{place}"{current}>{_inline(name)}</a></li>'
        for name in names
        for place in [escape(urlencode({"library": name})) if name != names[0] else ""]
        for current in [' aria-current="page"' if name == shown else ""]
    )
    acts = [_button("", "New library", shelf="new")] if archived is not None else []
    if own:
        acts += [
            _button("", f"{label} {_inline(shown)}", shelf=label.lower(), name=shown) for label in ("Rename", "Archive")
        ]
    back = "".join(_button("", f"Bring back {_inline(name)}", shelf="restore", name=name) for name in archived or ())
    return f"<ul>{items}</ul>{''.join(acts)}{back}"
