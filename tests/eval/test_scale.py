import numpy as np
import pytest
from typer import Typer
from typer.testing import CliRunner

from eval.performance import kinds, scale

pytestmark = pytest.mark.slow  # libraries of many passages

PASSAGES = 400


@pytest.fixture(scope="module")
def made(tmp_path_factory, encoder):
    """A small synthetic library and what making it gave; `encoder` sees to it that the model is ready."""
    folder = tmp_path_factory.mktemp("scale")
    return folder, scale.build(folder, PASSAGES)


def test_documents_are_whole_and_the_same_every_time():
    (prepared, *others) = scale.Synthetic().documents(PASSAGES)
    assert len(others) == 19
    assert len(prepared.passages) == len(prepared.vectors) == 20
    for passage, vectors in zip(prepared.passages, prepared.vectors, strict=True):
        assert prepared.document.text[passage.start : passage.end] == passage.text
        assert [passage.text[b - passage.start - 1] for _, b in passage.sentences] == ["."] * 4
        assert len(passage.text.split()) == 60
        assert vectors.sentences.shape == (4, 384)
        assert np.linalg.norm(vectors.vector) == pytest.approx(1, abs=1e-5)
    again = next(scale.Synthetic().documents(PASSAGES))
    assert again.document == prepared.document
    np.testing.assert_array_equal(again.vectors[3].vector, prepared.vectors[3].vector)


def test_questions_are_near_a_passage():
    documents = list(scale.Synthetic().documents(PASSAGES))
    rows = np.array([vectors.vector for prepared in documents for vectors in prepared.vectors])
    asked = scale.Synthetic().questions(10, PASSAGES)
    assert {len(question.split()) for question in asked} == {8}
    for vector in asked.values():
        assert 0.55 < float((rows @ vector).max()) < 0.95


def test_a_library_is_made_and_asked(made):
    folder, built = made
    asked = scale.Synthetic().questions(6, PASSAGES)
    expected = scale.exact(folder, asked)
    given = scale.ask(folder, asked, expected)
    row = scale.Row(PASSAGES, **built, **given)
    assert row.recall == 1
    assert row.store_mb > 400 * 0.004
    assert min(row.encode_ms, row.median_ms) > 0
    assert "median_ms" in scale.show([row]).columns[0]._cells


def test_exact_finds_the_passage_itself(made):
    prepared = next(scale.Synthetic().documents(PASSAGES))
    asked = {str(number): vectors.vector for number, vectors in enumerate(prepared.vectors)}
    assert [found[0] for found in scale.exact(made[0], asked)] == list(range(1, 21))


def test_vectors_are_those_of_the_documents():
    rows = [vectors.vector for prepared in scale.Synthetic().documents(PASSAGES) for vectors in prepared.vectors]
    np.testing.assert_array_equal(scale.Synthetic().vectors(PASSAGES), rows)


def test_kinds_of_index_are_compared():
    command = Typer()
    command.command()(kinds.main)
    done = CliRunner().invoke(command, ["1000", "--questions", "5"])
    assert (done.exit_code, done.exception) == (0, None)
    rows = [line.split() for line in done.output.splitlines()[1:]]
    assert [row[0] for row in rows].count("IVF63,SQ8") == 2
    assert rows[0][0] == "Flat" and rows[0][3] == "1.000"
    assert all(0 < float(row[-2]) <= 1 for row in rows)
