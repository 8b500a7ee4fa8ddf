import pytest

from retrieval.errors import DocumentError
from ui.web.uploads import Uploads


@pytest.mark.parametrize(
    "name, kept",
    [
        ("My Owls.txt", "My Owls.txt"),
        ("../../etc/passwd.TXT", "passwd.txt"),
        ("Übersicht (2).md", "Übersicht (2).md"),
        ("a\x00b\u202e/..\\c:d.md", "c d.md"),
        ("-.txt", "upload.txt"),
        (f"{'word ' * 40}.txt", f"{'word ' * 8}".strip() + ".txt"),
    ],
    ids=["plain", "path", "letters", "marks", "nothing", "long"],
)
def test_a_file_keeps_its_name_without_what_has_a_meaning_in_paths(tmp_path, name, kept):
    path = Uploads(tmp_path).keep(name, b"owls")
    assert (path.name, path.read_bytes()) == (kept, b"owls")
    assert path.parent.parent == tmp_path


def test_a_title_is_never_a_hash(hashed, tmp_path):
    (doc_id,) = hashed.add(Uploads(tmp_path / "uploads").keep("My Owls.txt", b"Owls hunt voles.")).added
    assert hashed.document(doc_id).title == "My Owls"


def test_the_same_file_has_the_same_path_and_two_of_a_name_have_two(tmp_path):
    uploads = Uploads(tmp_path)
    first, again, other = (uploads.keep("a.txt", content) for content in (b"one", b"one", b"two"))
    assert first == again != other
    uploads.drop(str(first))
    assert not first.parent.exists() and other.read_bytes() == b"two"
    uploads.drop(str(tmp_path / "other.txt"))  # none of these


def test_what_cannot_be_read_or_kept_is_refused(tmp_path):
    with pytest.raises(DocumentError, match=r"files of type \.exe are not read"):
        Uploads(tmp_path).keep("a.exe", b"MZ")
    with pytest.raises(DocumentError, match="nowhere to stay"):
        Uploads(None).keep("a.txt", b"one")
