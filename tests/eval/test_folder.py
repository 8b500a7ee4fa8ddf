"""The check of a folder of every format, made small."""

import pytest

from eval.formats import converted, folder
from eval.formats.broken import COUNT, write_broken
from eval.formats.written import Press, article
from retrieval.errors import DocumentError
from retrieval.ingest.files import load
from retrieval.parsers.formats import FORMATS

pytestmark = pytest.mark.slow  # files of every format

MEGABYTE = 2**20
WITHOUT_OFFICE = {".xls", ".xlsb", ".ods", ".odp"}  # LibreOffice writes the last two
PICTURES = {
    ".png",
    ".jpg",
    ".jpeg",
    ".tif",
    ".tiff",
    ".webp",
}  # letters that are recognized: tests/parsers/test_pictures.py


@pytest.fixture(scope="module")
def press():
    return Press()


def test_every_format_is_written_and_read(press, tmp_path):
    written = FORMATS.keys() - WITHOUT_OFFICE - PICTURES
    assert written <= set(press.suffixes) <= FORMATS.keys()
    for number, suffix in enumerate(sorted(written)):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(press.write(suffix, article(number)))
        found = converted.agreement(path, "", "", article(number).sentences(suffix))
        assert (suffix, found.missing, found.sentences) == (suffix, (), len(article(number).sentences(suffix)))


def test_an_article_is_the_same_every_time_and_unlike_others():
    assert article(7) == article(7)
    assert article(7).paragraphs[0] != article(8).paragraphs[0]
    assert len(article(7).sentences(".docx")) == 15
    assert article(7).sentences(".xlsx") == [value for _, value in article(7).rows]


def test_each_of_forty_broken_files_has_a_reason(press, tmp_path):
    paths = write_broken(tmp_path, press, MEGABYTE)
    assert len(paths) == len(set(paths)) == COUNT == len(list(tmp_path.iterdir()))
    for path in paths:
        with pytest.raises(DocumentError):
            load(path, MEGABYTE)


def test_a_folder_is_synced_and_exactly_the_broken_files_are_reported(encoder, tmp_path):
    (tmp_path / "folder").mkdir()
    good, broken = folder.make(tmp_path / "folder", COUNT + 12, 10 * MEGABYTE)
    first = folder.synced(tmp_path / "library", tmp_path / "folder")
    assert (first["failed"], first["counts"]["added"], len(good)) == (sorted(broken), 12, 12)
    again = folder.synced(tmp_path / "library", tmp_path / "folder")
    assert (again["failed"], again["counts"]["unchanged"]) == (sorted(broken), 12)
    assert (again["passages"], again["encoding"]) == (0, 0.0)
    assert first["megabytes"] > 50
    assert 0 < first["encoding"] < first["seconds"]
    (tmp_path / "new.txt").write_text("One more document.")
    assert folder.added(tmp_path / "library", tmp_path / "new.txt")[1] == first["passages"]


def test_a_sentence_that_is_not_there_is_missing(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("The ﬁrst sentence stands in here.\n\nSo does the sec-\nond one of them.")
    found = converted.agreement(path, "us", "them", ["The first sentence stands in here. Another one is not here."])
    assert (found.sentences, found.missing, found.share) == (2, ("Another one is not here.",), 0.5)
    assert not folder._compared(found).is_met
    assert folder._compared(found).value == "50.0% of 2: Another one is not here."


def test_pandoc_reads_what_pandoc_wrote(tmp_path):
    found = converted._with_pandoc(converted._pandoc(tmp_path / "a.docx"), "pandoc")
    assert (found.missing, found.sentences > 100) == ((), True)
