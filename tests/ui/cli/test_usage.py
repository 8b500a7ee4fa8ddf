"""The command line used wrongly, or with libraries that cannot be used: what is wrong and what to do, never a traceback."""

import pytest
from articles import SEED
from fakes import HashedEncoder

from retrieval import Library


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["ask"], "Missing argument 'QUESTION'"),
        (["ask", "--k", "0", "q"], "Invalid value for '--k': Input should be greater than or equal to 1"),
        (["ask", "--k", "x", "q"], "Invalid value for '--k': Input should be a valid integer"),
        (["ask", "--where", "year", "q"], "'year'; expected KEY=VALUE, for example"),
        (["ask", "--where", "=x", "q"], "'=x'; expected KEY=VALUE"),
        (["ask", "--library", "", "q"], "is empty; name a folder, for example --library ~/articles.pincite"),
        (["add", "file"], "no library to add to; for example: pincite add --library ~/articles.pincite ~/articles"),
        (["remove"], "Missing argument 'NAME...'"),
        (["verify", "/no/such/file.json"], "/no/such/file.json: No such file or directory; expected what"),
        (["nonsense"], "No such command 'nonsense'"),
        (["ask", "--nonsense", "q"], "No such option: --nonsense"),
    ],
    ids=str,
)
def test_wrong_usage_says_what_is_right(pincite, arguments, message):
    result = pincite(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_a_wrong_setting_is_named(pincite, library, monkeypatch):
    monkeypatch.setenv("PINCITE_THRESHOLD", "high")
    result = pincite("ask", "--library", library, "q")
    assert result.exit_code == 2
    assert "PINCITE_THRESHOLD is 'high'; expected a number of 0 or more" in " ".join(result.stderr.split())


def test_help_documents_the_exit_codes(pincite):
    shown = pincite("--help").stdout
    assert "Exit codes:" in shown
    for line in (
        "0 fine",
        "2 wrong usage",
        "3 the library, the model or the question cannot be used",
        "130 interrupted",
    ):
        assert line in " ".join(shown.split())
    for command in ("ask", "add", "remove", "list", "verify", "info"):
        assert pincite(command, "--help").exit_code == 0


def test_version(pincite):
    assert pincite("--version").stdout == "pincite 0.1.0\n"


# --- libraries that cannot be used


def test_a_library_that_is_not_there_is_not_made(pincite, tmp_path):
    (tmp_path / "questions").write_text("Who?")
    made = tmp_path / "made"
    for command in (
        ["ask", "q"], ["search", "q"], ["show", "x"], ["chat"], ["list"], ["info"], ["verify"], ["feedback"],
        ["remove", "x"], ["prune"], ["backup", made], ["sync", tmp_path, "--dry-run"],
        ["review", "--questions", tmp_path / "questions", "--out", made.with_suffix(".csv")],
    ):  # fmt: skip
        result = pincite(*command, "--library", tmp_path / "none")
        assert result.exit_code == 3
        assert f"pincite: {tmp_path}/none holds no library; make one with: pincite add --library" in result.stderr
    assert pincite("copy", tmp_path / "none", made).exit_code == 3
    assert [path.name for path in tmp_path.iterdir()] == ["questions"]


def test_a_damaged_library_is_named(pincite, tmp_path):
    (tmp_path / "library.db").write_bytes(b"not a database" * 1000)
    for command in (["ask", "q"], ["list"], ["info"], ["verify"], ["remove", "x"], ["add", SEED]):
        result = pincite(*command, "--library", tmp_path)
        assert result.exit_code == 3
        assert result.stderr.startswith(f"pincite: {tmp_path}/library.db is damaged (file is not a database); restore")


def test_a_library_of_another_encoder_is_refused(pincite, tmp_path):
    with Library(tmp_path, encoder=HashedEncoder()) as other:
        other.add(SEED)
    result = pincite("ask", "--library", tmp_path, "q")
    assert result.exit_code == 3
    assert f"{tmp_path} was built with encoder hashed-words, but" in result.stderr
    assert pincite("list", "--library", tmp_path).exit_code == 0


def test_a_model_that_is_not_there_is_named(pincite, library, monkeypatch, tmp_path):
    monkeypatch.setenv("PINCITE_MODEL", str(tmp_path))
    result = pincite("ask", "--library", library, "q")
    assert (result.exit_code, result.stderr) == (
        3,
        f"pincite: {tmp_path} holds no model weights (.safetensors or .bin)\n",
    )
