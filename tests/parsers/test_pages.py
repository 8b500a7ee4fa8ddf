"""Web pages: all that a person sees of the text, none of what stands beside it, nothing that is hidden."""

import pytest

from retrieval.parsers import UnreadableError, parse

FIRST = "Every boat that enters the lock before sunrise shows a white lamp at its bow and waits for the keeper's bell."
LAST = "Whoever leaves the lock by the lower gate pays the toll at the small window before the boat is untied again."


def page(body):
    return f"<!doctype html><html><head><title>Lock</title></head><body>{body}</body></html>".encode()


def pieces(body):
    parsed = parse(".html", page(body))
    return [parsed.text[block.start : block.end] for block in parsed.blocks]


def within(middle):
    """What is read between two paragraphs of text."""
    found = pieces(f"<h1>Lock</h1><p>{FIRST}</p>{middle}<p>{LAST}</p>")
    assert found[:2] == ["Lock", FIRST] and found[-1] == LAST
    return found[2:-1]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<form><p>Tolls are 12 crowns.</p><input type=submit value=Send></form>", ["Tolls are 12 crowns."]),
        ("<h3><button aria-expanded=false>How long?</button></h3><div><p>An hour.</p></div>", ["How long?", "An hour."]),
        ("<details><summary>How long?</summary><p>An hour.</p></details>", ["How long?\nAn hour.".split("\n")[0], "An hour."]),
        ("<p>Press <button>Start</button> first.</p>", ["Press Start first."]),
        ("<p><input type=checkbox checked>Paid</p>", ["☑ Paid"]),
        ("<dl><dt>Toll</dt><dd>12 crowns</dd></dl>", ["Toll\n12 crowns"]),
        ("<p>2<sup>10</sup> and 10<sup>-3</sup>, 5<sup>th</sup>, H<sub>2</sub>O</p>", ["2¹⁰ and 10⁻³, 5th, H2O"]),
        ("<p>It rose to 51<sup><a href='#n'>2</a></sup>.</p>", ["It rose to 51[2]."]),
        ("<p>It rose to 51<sup class='footnote-ref'>2</sup>.</p>", ["It rose to 51[2]."]),
        ("<p><math><mfrac><mn>1</mn><mn>2</mn></mfrac><msup><mi>r</mi><mn>2</mn></msup></math></p>", ["1/2 r²"]),
        ("<p><ruby>港<rp>(</rp><rt>minato</rt><rp>)</rp></ruby> is a harbour.</p>", ["港 (minato) is a harbour."]),
        ("<ol><li>One<li>Two<ol type=a><li>Sub</ol></ol>", ["1. One\n2. Two\na. Sub"]),
        ("<ol start=3 type=i><li>One<li value=9>Two</ol>", ["iii. One\nix. Two"]),
        ("<ol reversed><li>One<li>Two</ol>", ["2. One\n1. Two"]),
        ("<ol style='list-style: none'><li>One</ol>", ["One"]),
        ("<table><tr><th>Boat<th>Toll<tr><td>Barge<td><td>no name</table>", ["Boat | Toll", "Boat: Barge; no name"]),
        ("<table><caption>Tolls</caption><tr><th>Boat<th>Toll<tr><td>Barge<td>12</table>", ["Tolls", "Boat: Barge; Toll: 12"]),
        ("<table><tfoot><tr><td>Sum<td>12</tfoot><thead><tr><td>Boat<td>Toll</thead><tr><td>Barge<td>12</table>",
         ["Boat: Barge; Toll: 12\nBoat: Sum; Toll: 12"]),
        ("<table><tr><td>Outer<td><table><tr><td>Inner a<td>Inner b</table></table>", ["Outer", "Inner a | Inner b"]),
        ("<blockquote><p>Pay.</p><footer>Ann Lee, 1999</footer></blockquote>", ["Pay.", "Ann Lee, 1999"]),
        ("<select><option>Aro<option>Bel</select><p>Port: <select><option>Aro<option selected>Bel</select></p>", ["Aro", "Port: Bel"]),
        ("<svg><defs><text>No</text></defs><title>No</title><g><text>Depth <tspan>9</tspan> m</text></g></svg>", ["Depth 9 m"]),
        ("<p style='display:none;display:block'>Shown.</p>", ["Shown."]),
        ("<style>.t{display:none}.t.on{display:block}</style><p class='t on'>Shown.</p>", ["Shown."]),
        ("<button aria-expanded=false aria-controls=x>Tolls</button><div id=x hidden><p>12.</p></div>", ["Tolls", "12."]),
        ("<div id=x role=tabpanel style='display:none'><p>12.</p></div>", ["12."]),
        ("<style>.panel{display:none}</style><button>Tolls</button><div class=panel><p>12.</p></div>", ["12."]),
        ("<dialog open>Closed today.</dialog>", ["Closed today."]),
        ("<div style='background:black'><p style='color:white'>Shown.</p></div>", ["Shown."]),
    ],
)  # fmt: skip
def test_what_a_person_sees(html, expected):
    assert "\n".join(within(html)) == "\n".join(expected)


@pytest.mark.parametrize(
    "html",
    [
        "<h2 style='display:none'>Secret</h2>", "<p hidden>Secret</p>", "<p><span style='visibility: hidden'>Secret</span></p>",
        "<ul><li style='display : none'>Secret</li></ul>", "<table><tr hidden><td>Secret<td>1</table>",
        "<p class='sr-only'>Secret</p>", "<style>.gone { color: red; display: none }</style><p class='a gone'>Secret</p>",
        "<template><p>Secret</p></template>", "<script>var a = 'Secret'</script>", "<nav><a href=/>Secret</a></nav>",
        "<input type=hidden value=Secret>", "<p><button>Secret</button></p>",
        "<dialog>Secret</dialog>", "<p style='opacity: 0'>Secret</p>", "<p style='font-size:0px'>Secret</p>",
        "<p style='position:absolute; left:-9999px'>Secret</p>", "<p style='text-indent:-999em'>Secret</p>",
        "<p style='height:0; overflow:hidden'>Secret</p>", "<p style='clip: rect(0, 0, 0, 0)'>Secret</p>",
        "<p style='clip-path: inset(50%)'>Secret</p>", "<p style='color:white; background:#FFF'>Secret</p>",
        "<p style='display:block; display:none'>Secret</p>", "<div class='modal panel' hidden>Secret</div>",
    ],
)  # fmt: skip
def test_what_nobody_sees(html):
    assert "Secret" not in "".join(within(html))


def test_style_sheets_for_other_media_hide_nothing():
    assert within("<style>@media print { .a { display: none } } .b{color:red}</style><p class=a>Shown.</p>") == [
        "Shown."
    ]


def test_short_blocks_at_the_edges_of_an_article():
    body = f"<main><h1>Tolls</h1><p>12 crowns.</p><p>{FIRST}</p><p>{LAST}</p><h2>Night</h2><p>24 crowns.</p></main>"
    assert pieces(body + "<footer><p>© 2026 The lock. All rights reserved.</p></footer>") == [
        "Tolls", "12 crowns.", FIRST, LAST, "Night", "24 crowns.",
    ]  # fmt: skip


def test_a_note_in_an_article_stays_and_a_list_of_links_goes():
    note, links = "<aside><p>The gate shuts at eight.</p></aside>", "<aside><a href=/a>More on locks</a></aside>"
    found = pieces(f"<article><h1>Lock</h1><p>{FIRST}</p>{note}{links}<p>{LAST}</p></article>")
    assert found == ["Lock", FIRST, "The gate shuts at eight.", LAST]


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("<aside>The gate shuts at eight sharp.</aside>", ["The gate shuts at eight sharp."]),
        ("<footer><p>Correction: it is 26 crowns, not 24.</p></footer>", ["Correction: it is 26 crowns, not 24."]),
        ("<footer><a href=/>Home</a> © 2026 The lock</footer>", []),
        ("<p><a href=/x>Tolls of 2026</a></p>", ["Tolls of 2026"]),
        ("<h2>Lunch</h2><div class=menu><p>Soup 8 crowns</p></div>", ["Lunch", "Soup 8 crowns"]),
        ("<p><a href=/x>Home</a> <a href=/y>About</a></p>", []),
    ],
)
def test_what_stands_below_an_article(below, expected):
    assert pieces(f"<h1>Lock</h1><p>{FIRST}</p><p>{LAST}</p>{below}") == ["Lock", FIRST, LAST, *expected]


def test_what_is_there_without_scripts_or_frames():
    assert pieces("<div id=a></div><noscript><p>The lock opens at dawn.</p></noscript>") == ["The lock opens at dawn."]
    frames = b"<html><frameset><frame src=a><noframes><body><p>The lock opens at dawn.</p></body></noframes></frameset></html>"
    assert parse(".html", frames).text == "The lock opens at dawn."


@pytest.mark.parametrize(
    "body",
    [
        "<div id=root></div>", "<div>Loading…</div>", "<noscript>You need to enable JavaScript to run this app.</noscript>",
        "<h1>My App</h1><noscript><p>Bitte aktivieren Sie JavaScript.</p></noscript>",
    ],
)  # fmt: skip
def test_a_page_made_by_scripts_says_what_to_do(body):
    with pytest.raises(UnreadableError, match="a script makes its text: open it in a browser, and save it from there"):
        parse(".html", page(f"{body}<script src=a.js></script>"))


def test_a_short_page_about_scripts_is_read():
    assert pieces("<p>JavaScript was made in ten days.</p><script>a</script>") == ["JavaScript was made in ten days."]


def test_a_wide_table_keeps_its_place_and_grid():
    parsed = parse(
        ".html", page(f"<h1>L</h1><p>{FIRST}</p><table><tr><th>Boat<th>Toll<tr><td>Barge<td>12</table><p>{LAST}</p>")
    )
    (table,) = parsed.tables
    assert [span and parsed.text[slice(*span)] for span in table.lines] == [None, "Boat: Barge; Toll: 12"]
