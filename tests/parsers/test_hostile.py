"""Files made to do harm: each fails alone, with a reason, in bounded time and memory, and nothing leaves the machine."""

import io
import os
import resource
import stat
import threading
import time
import zipfile
import zlib
from http.server import BaseHTTPRequestHandler, HTTPServer

import docx
import pptx
import pytest

from retrieval.errors import DocumentError
from retrieval.ingest.files import load
from retrieval.parsers.base import UnreadableError
from retrieval.parsers.sandbox import Sandbox

pytestmark = pytest.mark.slow  # waits for limits on time and memory

MEGABYTE = 2**20
FINE = b"a,b\n1,2\n"
ODT = (
    '<office:document-content xmlns:office="o" xmlns:text="t"><office:body><office:text>{}</office:text></office:body>'
)
ODT += "</office:document-content>"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaaaaaaaa">' + "".join(
    f'<!ENTITY a{level} "{f"&a{level - 1 or str()};" * 16}">' for level in range(1, 9)
)


@pytest.fixture
def sandbox():
    made = []

    def make(**limits):
        made.append(Sandbox(**limits))
        return made[-1]

    yield make
    for each in made:
        each.close()


def archive(**members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "/"), data)
    return content.getvalue()


def reason(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    began = time.monotonic()
    with pytest.raises(DocumentError) as caught:
        load(path, 32 * MEGABYTE)
    assert time.monotonic() - began < 20
    assert caught.value.source == str(path)
    return caught.value.reason


def pieces(loaded):
    return [loaded.document.text[block.start : block.end] for block in loaded.blocks]


# --- archives


def zeros(megabytes):
    """An archive with one member of so many MB, written without holding them."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file, file.open("word/document.xml", "w") as member:
        for _ in range(megabytes):
            member.write(bytes(MEGABYTE))
    return content.getvalue()


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.odt", "a.epub", "a.xlsx"])
def test_zip_bomb(tmp_path, name):
    if not hasattr(test_zip_bomb, "content"):
        test_zip_bomb.content = zeros(301)
    assert reason(tmp_path, name, test_zip_bomb.content) == "unpacks to 301 MB; at most 300 MB are read"


def test_office_files_with_a_password(tmp_path):
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
    assert reason(tmp_path, "a.docx", content).startswith("is protected by a password, or of a format from before 2007")


def test_archive_of_very_many_files(tmp_path):
    content = archive(**{f"m{number}": "" for number in range(20_001)})
    assert reason(tmp_path, "a.docx", content) == "is an archive of 20,001 files; at most 20,000 are read"


@pytest.mark.parametrize("name", ["../../evil.txt", "/etc/evil.txt", "a/../../evil.txt", "..\\evil.txt"])
def test_names_that_lead_elsewhere(tmp_path, name):
    content = archive(**{"content.xml": ODT.format("<text:p>Hi</text:p>"), name: "x"})
    assert reason(tmp_path, "a.odt", content).startswith("is an archive with a file named ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.odt"]


def test_links_in_archives_are_not_followed(tmp_path):
    (tmp_path / "secret.xhtml").write_text("<p>secret words</p>")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("META-INF/container.xml", '<c><rootfile full-path="c.opf"/></c>')
        items = '<item id="a" href="a.xhtml"/><item id="b" href="b.xhtml"/>'
        file.writestr("c.opf", f'<package>{items}<itemref idref="a"/><itemref idref="b"/></package>')
        file.writestr("a.xhtml", "<p>Words.</p>")
        link = zipfile.ZipInfo("b.xhtml")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, str(tmp_path / "secret.xhtml"))
    (tmp_path / "a.epub").write_bytes(content.getvalue())
    assert pieces(load(tmp_path / "a.epub", MEGABYTE)) == ["Words.", str(tmp_path / "secret.xhtml")]


def test_a_member_that_is_longer_than_it_says(tmp_path):
    content = bytearray(archive(**{"content.xml": "x" * 100_000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(signature) + offset
        content[at : at + 4] = (10).to_bytes(4, "little")
    assert "is damaged, or no .odt file" in reason(tmp_path, "a.odt", bytes(content))


@pytest.mark.parametrize(
    "name", "a.docx a.docm a.html a.pptx a.odt a.epub a.xlsx a.xls a.ods a.pdf a.rtf a.mbox a.eml".split()
)
def test_a_file_that_is_something_else(tmp_path, name):
    assert reason(tmp_path, name, os.urandom(2000) + b"\x00") != ""


# --- XML


@pytest.mark.parametrize("name", ["a.odt", "a.docx", "a.epub"])
def test_xml_bomb(tmp_path, name):
    xml = f"{BOMB}]>" + ODT.format("<text:p>&a8;</text:p>")
    members = {
        "a.odt": {"content.xml": xml},
        "a.docx": {"[Content_Types].xml": xml, "word__document.xml": xml, "_rels__.rels": xml},
        "a.epub": {"META-INF__container.xml": xml},
    }
    assert reason(tmp_path, name, archive(**members[name])) != ""


def test_external_entities_are_not_read(tmp_path):
    (tmp_path / "secret.txt").write_text("secret words")
    entity = f'<!DOCTYPE b [<!ENTITY x SYSTEM "file://{tmp_path}/secret.txt">]>'
    (tmp_path / "a.odt").write_bytes(
        archive(**{"content.xml": entity + ODT.format("<text:p>Before &x; after.</text:p>")})
    )
    assert pieces(load(tmp_path / "a.odt", MEGABYTE)) == ["Before &x; after."]
    (tmp_path / "a.html").write_text(f"{entity}<p>Before &x; after.</p>")
    assert "secret" not in load(tmp_path / "a.html", MEGABYTE).document.text


WORD = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>'
LINES = "<w:p><w:r><w:t>The fee &x; is 240 euros.</w:t></w:r></w:p>"


def test_the_text_behind_an_entity_is_read(tmp_path):
    (tmp_path / "a.docx").write_bytes(
        archive(**{"word__document.xml": '<!DOCTYPE b [<!ENTITY x "y">]>' + WORD.format(LINES)})
    )
    assert pieces(load(tmp_path / "a.docx", MEGABYTE)) == ["The fee &x; is 240 euros."]
    assert reason(tmp_path, "b.docx", archive(**{"word__document.xml": WORD.format(LINES)})) == (
        "is damaged: word/document.xml is no XML"
    )


def test_nothing_is_fetched(tmp_path):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    page = f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "{url}/x.dtd"><html><head><base href="{url}">
    <link rel=stylesheet href="{url}/a.css"><script src="{url}/a.js"></script></head><body><p>Words and words.</p>
    <img src="{url}/a.png"><iframe src="{url}/b"></iframe><p>More of them.</p></body></html>"""
    (tmp_path / "a.html").write_text(page)
    chapter = {"META-INF__container.xml": '<c><rootfile full-path="c.opf"/></c>', "c.xhtml": page}
    chapter["c.opf"] = '<package><item id="c" href="c.xhtml"/><itemref idref="c"/></package>'
    (tmp_path / "a.epub").write_bytes(archive(**chapter))
    (tmp_path / "a.rst").write_text(f".. image:: {url}/a.png\n\n.. include:: {url}/b\n\nWords.\n")
    (tmp_path / "a.eml").write_text(f"From: A <a@example.org>\nContent-Type: text/html\n\n{page}")
    (tmp_path / "a.md").write_text(f"Words. ![a]({url}/a.png)\n\n<img src={url}/b.png>\n")
    document = docx.Document()
    document.add_paragraph("Words.")
    document.part.relate_to(f"{url}/a.png", f"{OFFICE}/image", is_external=True)
    document.part.relate_to(f"{url}/a.dotm", f"{OFFICE}/attachedTemplate", is_external=True)
    document.save(tmp_path / "a.docx")
    for name in ("a.html", "a.epub", "a.rst", "a.eml", "a.md", "a.docx"):
        assert "ords" in load(tmp_path / name, MEGABYTE).document.text
    server.shutdown()
    assert asked == []


# --- PDF


def pdf(*objects):
    """A PDF of these objects, the first the catalogue, without an index, which PDFium then makes itself."""
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, each) for number, each in enumerate(objects, start=1))
    return b"%PDF-1.7\n" + body + b"trailer\n<</Root 1 0 R/Size %d>>\n%%%%EOF" % (len(objects) + 1)


def test_pdf_whose_pages_are_inside_themselves(tmp_path):
    content = pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 100000/Kids[2 0 R 2 0 R]/Parent 2 0 R>>")
    assert reason(tmp_path, "a.pdf", content) != ""


def test_pdf_of_a_million_objects(tmp_path):
    catalogue = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 0/Kids[]>>"]
    assert reason(tmp_path, "a.pdf", pdf(*catalogue, *([b"0"] * 1_000_000))) != ""


def test_pdf_stream_that_unpacks_without_end(tmp_path):
    packed = zlib.compress(bytes(400 * MEGABYTE), 9)
    packed = zlib.compress(packed, 9)
    stream = b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream" % (len(packed), packed)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>"
    content = pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>", page, stream)
    assert reason(tmp_path, "a.pdf", content) != ""


# --- depth, limits, crashes


def test_what_is_nested_very_deeply(tmp_path):
    assert reason(tmp_path, "a.jsonl", "[" * 100_000) == "is nested too deeply"
    for name, content in {
        "a.html": "<div>" * 100_000 + "Deep words.",
        "a.tex": "{" * 100_000 + "Deep words.",
        "a.rtf": r"{\rtf1 " + "{" * 100_000 + "Deep words.",
        "a.rst": "".join("  " * level + "- x\n\n" for level in range(300)),
    }.items():
        (tmp_path / name).write_text(content)
        try:
            assert load(tmp_path / name, 32 * MEGABYTE).document.text
        except DocumentError as error:
            assert error.reason


def test_a_parser_that_takes_too_long_ends_and_the_next_file_is_read(sandbox):
    box = sandbox(seconds=1)
    assert box.parse(".csv", FINE).text == "a: 1; b: 2"
    slow = b"\n\n".join(b"Line %d of \\emph{a} $x^2$ text." % number for number in range(20_000))
    began = time.monotonic()
    with pytest.raises(UnreadableError) as caught:
        box.parse(".tex", slow)
    assert "s to read; it is damaged, or too complex" in str(caught.value)
    assert time.monotonic() - began < 5
    assert box.parse(".csv", FINE).text == "a: 1; b: 2"


def test_a_parser_that_takes_too_much_memory_ends_and_the_next_file_is_read(sandbox):
    box = sandbox(memory=500 * MEGABYTE)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    with pytest.raises(UnreadableError) as caught:
        box.parse(".jsonl", b"[%s1]" % (b"1.5," * 6_000_000))
    assert str(caught.value) == "needs more than 500 MB of memory to read"
    box.close()
    assert max(before, 500 * 1024) >= resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert box.parse(".csv", FINE).text == "a: 1; b: 2"


def test_a_worker_that_dies_is_replaced(sandbox):
    box = sandbox()
    assert box.parse(".csv", FINE).text == "a: 1; b: 2"
    box._process.kill()
    box._process.wait()
    assert box.parse(".csv", FINE).text == "a: 1; b: 2"


def test_modules_in_the_working_folder_are_not_imported(python, tmp_path):
    for name in ("docx", "lxml", "yaml", "csv", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('let in')")
    (tmp_path / "a.csv").write_bytes(FINE)
    code = (
        f"from pathlib import Path; from retrieval.ingest.files import load; import os; os.chdir({str(tmp_path)!r})\n"
    )
    assert python(code + "print(load(Path('a.csv'), 9999).document.text)").communicate()[0] == "a: 1; b: 2\n"


def test_one_worker_serves_many_threads(sandbox):
    box = sandbox()
    found = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(box.parse(".csv", b"a,b\n%d,2\n" % n).text == f"a: {n}; b: 2"))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 20


def test_a_reader_may_not_connect_start_programs_or_write(python):
    code = """
import os, socket, subprocess, sys, tempfile
from retrieval.parsers.confinement import confine
name = tempfile.mktemp()
confine(2**30)
for act in (lambda: socket.create_connection(("127.0.0.1", 9)), lambda: subprocess.run(["true"]), lambda: os.system("true"),
            lambda: socket.getaddrinfo("localhost", 9), lambda: os.remove("/nothing"), lambda: os.write(os.open(name, os.O_CREAT | os.O_WRONLY), b"x")):
    try:
        act()
    except OSError as error:
        print(type(error).__name__)
"""
    *refused, written = python(code).communicate()[0].split()
    assert refused == ["PermissionError"] * 5
    assert written in ("OSError", "PermissionError")  # the size of files is limited, or the kernel has Landlock


# --- names


@pytest.mark.parametrize(
    "name, title",
    [("a\nb.csv", "a b"), ("a\u202etxt.csv", "a\u202etxt"), (f"{'x' * 251}.csv", "x" * 251), ("<b>&.csv", "<b>&")],
    ids=["newline", "right to left", "255 bytes", "markup"],
)
def test_odd_names(tmp_path, name, title):
    (tmp_path / name).write_bytes(FINE)
    document = load(tmp_path / name, MEGABYTE).document
    assert (document.title, document.text) == (title, "a: 1; b: 2")


@pytest.mark.parametrize("suffix", [".docm", ".pptm"])
def test_macros_are_never_looked_at(tmp_path, suffix):
    content = io.BytesIO()
    if suffix == ".docm":
        document = docx.Document()
        document.add_paragraph("Words.")
        document.save(content)
    else:
        presentation = pptx.Presentation()
        presentation.slides.add_slide(presentation.slide_layouts[0]).shapes.title.text = "Words."
        presentation.save(content)
    types = {
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml":
            b"application/vnd.ms-word.document.macroEnabled.main+xml",
        b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml":
            b"application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml",
    }  # fmt: skip
    with zipfile.ZipFile(content) as file:
        members = {name: file.read(name) for name in file.namelist()}
    for before, after in types.items():
        members["[Content_Types].xml"] = members["[Content_Types].xml"].replace(before, after)
    folder = "word" if suffix == ".docm" else "ppt"
    (tmp_path / f"a{suffix}").write_bytes(archive(**members, **{f"{folder}/vbaProject.bin": b"Sub AutoOpen"}))
    assert pieces(load(tmp_path / f"a{suffix}", MEGABYTE)) == ["Words."]
