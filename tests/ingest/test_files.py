import os
import random
import sys
import threading
import time
import unicodedata
from pathlib import Path

import pytest

from retrieval.errors import DocumentError, EmptyError
from retrieval.ingest.files import find_files, from_memory, load, on_disk
from retrieval.parsers.markup.markdown import read_markdown
from retrieval.parsers.markup.text import read_text, text_blocks
from retrieval.records import Document

SEED = next((Path(__file__).parents[2] / "seeds").glob("*.txt"))
MEGABYTE = 2**20
LONG_LINE = "This line is so long that nobody has wrapped it by hand" + ", and it goes on and on" * 4 + "."
BINARY = "is binary, or text in an encoding that is not known; save it as UTF-8"
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def read(folder, content, name="a.txt", max_bytes=MEGABYTE):
    path = folder / name
    path.write_bytes(content)
    return load(path, max_bytes)


def reason(path, max_bytes=MEGABYTE):
    """Load a file that cannot be read; return the reason after checking that the message names file and reason."""
    with pytest.raises(DocumentError) as caught:
        load(path, max_bytes)
    assert caught.value.source == str(path)
    assert str(caught.value) == f"{path}: {caught.value.reason}"
    return caught.value.reason


def pieces(text, blocks):
    return [text[block.start : block.end] for block in blocks]


# --- the seed article


def test_seed_title_and_metadata():
    document = load(SEED, MEGABYTE).document
    assert document.title == "Russia’s Allies Do Not Want to Take Part in Syrian Operation"
    assert document.metadata == {
        "publication": "Eurasia Daily Monitor",
        "volume": "15",
        "issue": "96",
        "language": "en",
    }
    assert document.source == str(SEED)


def test_seed_text_is_kept_as_it_is():
    loaded = load(SEED, MEGABYTE)
    assert loaded.document.text == SEED.read_text(encoding="utf-8")
    assert len(loaded.blocks) == 11
    assert [block.level for block in loaded.blocks] == [1] + 10 * [0]


# --- encodings and line ends


@pytest.mark.parametrize(
    "content",
    [
        "Größe “now” €5".encode(),
        b"\xef\xbb\xbf" + "Größe “now” €5".encode(),
        b"\xff\xfe" + "Größe “now” €5".encode("utf-16-le"),
        b"\xfe\xff" + "Größe “now” €5".encode("utf-16-be"),
        "Größe “now” €5".encode("utf-16-le"),
        "Größe “now” €5".encode("utf-16-be"),
        b"Gr\xf6\xdfe \x93now\x94 \x805",
    ],
    ids=["utf-8", "utf-8-bom", "utf-16-le-bom", "utf-16-be-bom", "utf-16-le", "utf-16-be", "windows-1252"],
)
def test_encodings(tmp_path, content):
    assert read(tmp_path, content).document.text == "Größe “now” €5"


def test_line_ends_become_newlines(tmp_path):
    text = read(tmp_path, b"one\r\ntwo\rthree\nfour\r\n\r\nfive\r\r\nsix").document.text
    assert text == "one\ntwo\nthree\nfour\n\nfive\n\nsix"


def test_identity_comes_from_the_bytes(tmp_path):
    loaded = read(tmp_path, b"hello")
    assert loaded.document.sha256 == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert loaded.document.doc_id == "2cf24dba5fb0a30e"
    assert loaded.file == (5, (tmp_path / "a.txt").stat().st_mtime_ns)


def test_a_file_without_title_takes_its_name(tmp_path):
    assert read(tmp_path, b"only one paragraph.", "field notes.txt").document.title == "field notes"


def test_a_title_from_a_name_has_its_accents_on_its_letters(tmp_path):
    assert (
        read(tmp_path, b"only one paragraph.", unicodedata.normalize("NFD", "Übersicht.txt")).document.title
        == "Übersicht"
    )


def test_a_path_is_found_however_its_accents_are_spelled(tmp_path):
    make(tmp_path, unicodedata.normalize("NFD", "Gärten/Übersicht.txt"))
    (there,) = find_files(tmp_path)
    assert on_disk(tmp_path / "Gärten" / "Übersicht.txt") == there
    assert on_disk(there) == there
    assert on_disk(tmp_path / "Gärten" / "none.txt") == there.parent / "none.txt"
    assert on_disk(tmp_path / "none" / "none.txt") == tmp_path / "none" / "none.txt"


def test_the_suffix_may_be_in_capitals(tmp_path):
    assert read(tmp_path, b"# Title\n\ntext", "A.MD").document.title == "Title"


# --- files that cannot be read


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.pdf", "a.docx"])
@pytest.mark.parametrize("content", [b"", b" \n\t\r\n "], ids=repr)
def test_an_empty_file(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(EmptyError, match="holds no text" if content else "is empty"):
        load(path, MEGABYTE)


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\xff\xfe"], ids=repr)
def test_no_text(tmp_path, content):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(EmptyError):
        load(path, MEGABYTE)
    assert reason(path) == "holds no text"


@pytest.mark.parametrize(
    "content",
    [
        random.Random(7).randbytes(4096),
        b"text with a \x00 in it",
        b"\xff\xfea",
    ],
    ids=["random", "zero byte", "half a utf-16 unit"],
)
def test_binary_named_txt(tmp_path, content):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    assert reason(path) == BINARY


def test_too_large_says_size_limit_and_setting(tmp_path):
    path = tmp_path / "large.txt"
    path.write_bytes(b"word " * (3 * MEGABYTE // 5))
    assert reason(path) == "has 3.0 MB; at most 1.0 MB are read (set PINCITE_MAX_FILE_MB to change it)"


def test_a_file_of_exactly_the_limit_is_read(tmp_path):
    assert read(tmp_path, b"12345678", max_bytes=8).document.text == "12345678"


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="needs a file that is longer than its size says")
def test_a_file_longer_than_its_size_said_is_not_cut(tmp_path):
    path = tmp_path / "grows.txt"
    path.symlink_to("/proc/cpuinfo")
    assert reason(path, max_bytes=20) == "changed while it was read; add it again when it is complete"


def test_missing(tmp_path):
    assert reason(tmp_path / "nowhere.txt") == "No such file or directory"


def test_broken_link(tmp_path):
    path = tmp_path / "link.txt"
    path.symlink_to(tmp_path / "nowhere.txt")
    assert list(find_files(path)) == [path]
    assert reason(path) == "No such file or directory"


@pytest.mark.skipif(AS_ROOT, reason="root may read everything")
def test_no_permission(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("text")
    path.chmod(0)
    assert reason(path) == "Permission denied"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipe_returns_at_once(tmp_path):
    path = tmp_path / "pipe.txt"
    os.mkfifo(path)
    reasons = []
    thread = threading.Thread(target=lambda: reasons.append(reason(path)), daemon=True)
    thread.start()
    thread.join(timeout=60)
    assert reasons == ["is not a regular file"]


@pytest.fixture
def at_read():
    """Have something done at the moment when this thread reads a file."""

    def start(action):
        def look(_frame, event, called):
            if event == "c_call" and called.__name__ == "read":
                action()

        sys.setprofile(look)

    yield start
    sys.setprofile(None)


@pytest.mark.parametrize("change", [os.utime, os.truncate], ids=["touched", "cut"])
def test_a_file_that_changes_while_it_is_read(tmp_path, at_read, change):
    path = tmp_path / "a.txt"
    path.write_bytes(b"word " * 1000)
    at_read(lambda: change(path, None if change is os.utime else 10))
    assert reason(path) == "changed while it was read; add it again when it is complete"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices here")
def test_device(tmp_path):
    path = tmp_path / "zero.txt"
    path.symlink_to("/dev/zero")
    assert reason(path) == "is not a regular file"


def test_links_that_lead_in_circles(tmp_path):
    make(tmp_path, "a/b.txt")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "one.txt").symlink_to(tmp_path / "two.txt")
    (tmp_path / "two.txt").symlink_to(tmp_path / "one.txt")
    found = list(find_files(tmp_path))
    assert found == [tmp_path / "one.txt", tmp_path / "two.txt", tmp_path / "a" / "b.txt"]
    assert reason(tmp_path / "one.txt") == "Too many levels of symbolic links"


def test_links_to_folders_elsewhere_are_followed_once(tmp_path):
    make(tmp_path, "docs/a/b.txt", "other/c.txt", "other/deep/d.txt")
    (tmp_path / "docs" / "again").symlink_to(tmp_path / "docs" / "a")
    (tmp_path / "docs" / "far").symlink_to(tmp_path / "other")
    (tmp_path / "docs" / "further").symlink_to(tmp_path / "other" / "deep")
    (tmp_path / "other" / "up").symlink_to(tmp_path / "other")
    (tmp_path / "other" / "home").symlink_to(tmp_path)
    found = [path.relative_to(tmp_path / "docs").as_posix() for path in find_files(tmp_path / "docs")]
    assert found == ["a/b.txt", "far/c.txt", "far/deep/d.txt"]


def test_directory(tmp_path):
    path = tmp_path / "folder.txt"
    path.mkdir()
    assert reason(path) == "Is a directory"


@pytest.mark.parametrize("name, kind", [("a.xyz", ".xyz"), ("Makefile", "(none)"), (".txt", "(none)")])
def test_unknown_type(tmp_path, name, kind):
    path = tmp_path / name
    path.write_text("text")
    given = reason(path)
    assert given.startswith(f"files of type {kind} are not read; expected ")
    assert ".md" in given and ".txt" in given


def test_a_name_that_is_not_unicode_is_refused_or_made_printable(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    try:
        path.write_text("text")
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    try:
        document = load(path, MEGABYTE).document
    except DocumentError:
        return
    assert document.title.encode() and document.source.encode()


# --- documents made in memory


def test_from_memory_finds_blocks():
    text = "First.\n\nSecond."
    loaded = from_memory(Document("a1", "T", text))
    assert pieces(text, loaded.blocks) == ["First.", "Second."]
    assert loaded.document == Document("a1", "T", text)


@pytest.mark.parametrize(
    "document, message",
    [
        (Document("", "T", "text"), "a document: needs a doc_id, title and text of type str"),
        (Document("a1", "T", None, sha256="00"), "a1: needs a doc_id, title and text of type str"),
        (Document("a1", "T", ""), "a1: holds no text"),
        (Document("a1", "T", " \n\t\u00a0"), "a1: holds no text"),
        (Document("a1", "T", "half \ud83d of a pair"), "a1: holds half of a surrogate pair, which is not text"),
        (Document("a1", "\udc00", "text"), "a1: holds half of a surrogate pair, which is not text"),
    ],
    ids=["no id", "no str", "empty", "white space", "surrogate in text", "surrogate in title"],
)
def test_from_memory_names_what_is_wrong(document, message):
    with pytest.raises(DocumentError) as caught:
        from_memory(document)
    assert str(caught.value) == message


@pytest.mark.parametrize("document", [Document(7, "T", "text"), Document("a1", None, "text")], ids=["id", "title"])
def test_from_memory_refuses_what_is_not_a_str(document):
    with pytest.raises(DocumentError):
        from_memory(document)


# --- finding files


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")


def test_find_files_in_order_without_hidden_ones_and_libraries(tmp_path):
    make(tmp_path, "b.txt", "a.md", "z/d.txt", "c/b/e.txt", "c/a.txt", "c/unknown.xyz")
    make(tmp_path, ".hidden.txt", ".git/config.txt", "c/.cache/a.txt", "c/~$letter.docx")
    make(tmp_path, "my.pincite/library.db", "my.pincite/notes.txt", "c/other/library.db", "c/other/sub/a.txt")
    found = [path.relative_to(tmp_path).as_posix() for path in find_files(tmp_path)]
    assert found == ["a.md", "b.txt", "c/a.txt", "c/unknown.xyz", "c/b/e.txt", "z/d.txt"]


def test_find_files_of_a_file_is_the_file(tmp_path):
    make(tmp_path, ".hidden.txt")
    assert list(find_files(tmp_path / ".hidden.txt")) == [tmp_path / ".hidden.txt"]


def test_find_files_of_a_folder_with_nothing(tmp_path):
    make(tmp_path, ".hidden.txt", "lib/library.db")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocumentError) as caught:
        list(find_files(tmp_path))
    assert str(caught.value) == f"{tmp_path}: holds no files that can be read"


def test_find_files_of_a_missing_path(tmp_path):
    with pytest.raises(DocumentError) as caught:
        list(find_files(tmp_path / "nowhere"))
    assert str(caught.value) == f"{tmp_path / 'nowhere'}: does not exist"


@pytest.mark.skipif(AS_ROOT, reason="root may read everything")
def test_a_closed_folder_does_not_hide_the_others(tmp_path):
    make(tmp_path, "a.txt", "closed/b.txt", "open/c.txt")
    (tmp_path / "closed").chmod(0)
    try:
        found = list(find_files(tmp_path))
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert tmp_path / "a.txt" in found and tmp_path / "open/c.txt" in found


# --- plain text


def test_text_blocks_at_blank_lines():
    text = "\n\n  One,\nstill one.\n\nTwo.\n \t \n\n\nThree. \n"
    assert pieces(text, text_blocks(text)) == ["One,\nstill one.", "Two.", "Three."]
    assert [(block.start, block.end) for block in text_blocks("\n a\n\n b ")] == [(2, 3), (6, 7)]


def test_text_blocks_of_white_space():
    assert text_blocks("") == text_blocks(" \n\n\t\n") == ()


def test_long_lines_are_paragraphs():
    text = f"{LONG_LINE}\n{LONG_LINE}  \nA short end."
    assert pieces(text, text_blocks(text)) == [LONG_LINE, LONG_LINE, "A short end."]


def test_indented_long_lines_are_paragraphs():
    text = f"Start.\n\n    {LONG_LINE}\n    {LONG_LINE}\n"
    assert pieces(text, text_blocks(text)) == ["Start.", LONG_LINE, LONG_LINE]


def test_hard_wrapped_text_stays_together():
    text = "These lines were wrapped by hand. Some of them end\nwith a full stop.\nOthers do not, and\nthat is fine."
    assert pieces(text, text_blocks(text)) == [text]


def test_text_blocks_of_many_lines_are_quick():
    began = time.thread_time()
    assert len(text_blocks("word\n\n" * 100_000)) == 100_000
    assert len(text_blocks("x. " * 300_000)) == len(text_blocks("x" * 1_000_000)) == 1
    assert time.thread_time() - began < 5


@pytest.mark.parametrize(
    "text, title",
    [("A title\n\nText.", "A title"), ("A sentence.\n\nText.", ""), ("Two\nlines\n\nText.", ""), ("Only this", "")],
)
def test_title_is_a_short_first_line_set_apart(text, title):
    assert read_text(text).title == title


def test_headings_in_capitals_or_with_numbers():
    text = "A title\n\nINTRODUCTION\n\nText here.\n\n2.1 Methods used\n\nMore text.\n\n1984\n\nEnd of it."
    assert [block.level for block in read_text(text).blocks] == [1, 2, 0, 2, 0, 0, 0]


@pytest.mark.parametrize("sentence", ["Он ушёл домой.", "他昨天回家了。", "שלום לכולם."])
def test_a_short_sentence_in_another_script_is_no_heading(sentence):
    assert [block.level for block in read_text(f"A title\n\n{sentence}\n\nText.").blocks] == [1, 0, 0]


def test_metadata_lines():
    assert read_text("A title\n\nAuthor: Jane Doe Date: 3 May 2020\n\nText.").metadata == {
        "author": "Jane Doe",
        "date": "2020-05-03",
    }
    assert read_text("A title\n\nThe author: nobody knows.\n\nText.").metadata == {}


# --- Markdown

MARKDOWN = """\
Guide
=====

Some *text* over
two lines.

Part
----

- one
- two

1. first
2. second

| a | b |
|---|---|
| 1 | 2 |

```python
x = 1

y = 2
```

[home]: https://example.org "Home"

### Deep ###

> quoted
> text

<div>raw</div>
"""


def test_markdown_blocks():
    reading = read_markdown(MARKDOWN)
    assert reading.title == "Guide"
    assert [(reading.text[b.start : b.end], b.level, b.by_line) for b in reading.blocks] == [
        ("Guide\n=====", 1, False),
        ("Some *text* over\ntwo lines.", 0, False),
        ("Part\n----", 2, False),
        ("- one\n- two", 0, True),
        ("1. first\n2. second", 0, True),
        ("a: 1; b: 2", 0, True),
        ("```python\nx = 1\n\ny = 2\n```", 0, True),
        ('[home]: https://example.org "Home"', 0, True),
        ("### Deep ###", 3, False),
        ("> quoted\n> text", 0, False),
        ("<div>raw</div>", 0, True),
    ]


def test_markdown_title_is_the_first_of_the_highest_headings():
    assert read_markdown("## Before\n\n# First\n\n# Second\n\ntext").title == "First"
    assert read_markdown("no heading").title == ""


def test_markdown_heading_of_a_whole_page_is_text():
    text = "# " + "word " * 60 + "\n\ntext"
    assert [block.level for block in read_markdown(text).blocks] == [0, 0]


def test_markdown_with_nothing_but_link_definitions():
    text = "[a]: /a\n[b]: /b\n"
    assert pieces(text, read_markdown(text).blocks) == ["[a]: /a\n[b]: /b"]


def test_markdown_with_windows_line_ends(tmp_path):
    loaded = read(tmp_path, b"# Title\r\n\r\nOne\r\ntwo.\r\n", "a.md")
    assert loaded.document.title == "Title"
    assert pieces(loaded.document.text, loaded.blocks) == ["# Title", "One\ntwo."]
