"""The suite as people run it: the seeds, a folder of their own, a data set, two runs compared, the gate, drafts."""

import json
import os
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from eval_program import run

from eval.data import cases, published
from eval.data.datasets import Dataset, Query
from eval.quality import results
from eval.reports import record
from eval.reports.compare import compare
from eval.reports.page import comparison_page, report_page
from retrieval import Document

pytestmark = pytest.mark.slow  # the whole suite on the seeds

ROOT = Path(__file__).parents[2]
HOSTILE = '<script>alert("x")</script> <img src=x onerror=alert(1)> </svg> & {{ 7 * 7 }}'


@pytest.fixture(scope="module")
def seeds(tmp_path_factory) -> Path:
    """A whole run on the seeds."""
    folder = tmp_path_factory.mktemp("seeds")
    code, said = run("--out", folder)
    assert (code, "right quote" in said) == (0, True)
    return folder


@pytest.fixture(scope="module")
def seed_run(seeds) -> results.Report:
    return results.load(seeds / "run.json")


# --- the seeds


def test_a_run_on_the_seeds_has_every_figure(seed_run):
    (result,) = seed_run.sets
    missing = [(g, name) for g, own in result.figures.items() for name, value in own.items() if value is None]
    assert missing == []
    assert list(result.ablations) == ["passage vectors", "sentence vectors", "BM25", "rank fusion", "Pincite"]
    assert set(result.against) == set(result.ablations) - {"Pincite"}


def test_every_citation_of_the_seeds_is_valid_and_no_question_fails(seed_run):
    figures = seed_run.sets[0].figures["answers"]
    assert (figures["citation validity"], figures["failed questions"]) == (1.0, 0.0)


def test_figures_agree_with_the_questions(seed_run):
    (result,) = seed_run.sets
    placed = [q for q in result.questions if q["answerable"]]
    right = sum(q["found"] and q["quoted"] for q in placed) / len(placed)
    assert result.figures["answers"]["right quote"] == pytest.approx(right)
    assert result.figures["size"]["questions"] == len(result.questions) == len(cases.read_cases(cases.SEEDS))


def test_the_report_needs_nothing_else(seeds):
    page = (seeds / "report.html").read_text()
    assert page.count("<svg") == 4
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"|url\((?!#)', page.replace('href="http://www.w3.org/', "#")) == []
    assert "<script" not in page
    assert "default-src 'none'" in page


# --- the gate


def test_the_seeds_are_as_good_as_recorded(seed_run):
    fallen = [line for line in record.check(seed_run.sets[0], record.read()) if not line.holds]
    assert fallen == []


def test_a_figure_that_fell_or_is_gone_does_not_hold(seed_run):
    (result,) = seed_run.sets
    known = {"seeds": record.recorded(result)}
    assert all(line.holds for line in record.check(result, known))
    worse = replace(result, figures={"answers": result.figures["answers"] | {"right quote": 0.0, "quote recall": None},
                                     "not found": result.figures["not found"]})  # fmt: skip
    assert [line.name for line in record.check(worse, known) if not line.holds] == ["right quote", "quote recall"]


def test_the_record_is_changed_by_its_command_alone(seed_run, tmp_path):
    path = tmp_path / "record.json"
    path.write_text('{"other": {"nDCG@10": {"value": 1, "least": 1}}}')
    record.update(seed_run.sets, path)
    written = record.read(path)
    assert set(written) == {"other", "seeds"}
    assert written["seeds"]["citation validity"] == {"value": 1.0, "least": 1.0}
    spare = written["seeds"]["right quote"]["value"] - written["seeds"]["right quote"]["least"]
    assert spare == pytest.approx(1.5 / seed_run.sets[0].figures["size"]["answerable"], abs=1e-4)


BENCHMARKS = Path(os.environ.get("PINCITE_BENCHMARKS") or "/nowhere")


@pytest.mark.skipif(
    not (BENCHMARKS / "xquad-r-en").is_dir(), reason="PINCITE_BENCHMARKS names no folder with xquad-r-en"
)
def test_xquad_is_as_good_as_recorded_and_the_ablations_are_what_the_leaderboard_has():
    (dataset,) = published.find_datasets(BENCHMARKS / "xquad-r-en")
    result = results.measure(dataset)
    assert [line for line in record.check(result, record.read()) if not line.holds] == []
    leaderboard = {"passage vectors, no titles": 0.9436, "BM25, no titles": 0.9649}
    found = {name: result.ablations[name]["nDCG@10"]["value"] for name in leaderboard}
    assert found == pytest.approx(leaderboard, abs=0.005)


# --- a folder of one's own


def test_own_cases_on_an_own_library(asked, tmp_path):
    own = tmp_path / "own.jsonl"
    wanted = [
        {"question": "Who opened the bridge at Harwick?", "quotes": ["Mayor Ellen Brandt"]},
        {"question": "What did it replace?", "quotes": ["a ferry"],
         "history": [{"role": "user", "content": "Who opened the bridge at Harwick?"}]},
        {"question": "Who painted the Mona Lisa?"},
    ]  # fmt: skip
    cases.write_cases(own, wanted)
    code, _ = run("--library", asked.path, "--cases", own, "--out", tmp_path)
    assert code == 0
    (result,) = results.load(tmp_path / "run.json").sets
    assert [q["passage"]["3"] for q in result.questions] == [True, True, False]
    assert [q["quoted"] for q in result.questions][::2] == [True, False]
    assert "Harwick" in result.questions[1]["asked_as"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--library", "LIBRARY"], "--library needs --cases"),
        (["--library", "nowhere", "--cases", "x"], "holds no library"),
        (["--data", "nowhere"], "holds no data set"),
        (["--compare", "nowhere", "nowhere"], "No such file"),
    ],
)
def test_what_cannot_be_read_ends_with_a_line_and_code_3(asked, arguments, said):
    code, output = run(*(asked.path if argument == "LIBRARY" else argument for argument in arguments))
    assert (code, said in output, "Traceback" in output) == (3, True, False)


# --- a data set


def small(name: str = "small") -> Dataset:
    """Four documents with titles, one of them hostile; one question of each kind."""
    texts = {"bridge": "The bridge was opened in 1932.", "tea": "Green tea is heated after picking.",
             "ice": "The glacier lost 800 metres.", "evil": f"The attack reads {HOSTILE} and nothing else."}  # fmt: skip
    documents = tuple(Document(doc_id, doc_id.title(), text) for doc_id, text in texts.items())
    queries = (
        Query("q1", "When was the bridge opened?", True, {"bridge": 1}, (("bridge", 25, 29),)),
        Query("q2", "What does the attack read?", True, {"evil": 1}, (("evil", 17, 17 + len(HOSTILE)),), kind=HOSTILE),
        Query("q3", " ", True, {"tea": 1}, (("tea", 0, 9),)),
        Query("q4", "Who wrote Hamlet?", False),
    )
    return Dataset(name, documents, queries)


@pytest.fixture(scope="module")
def small_result(encoder) -> results.SetResult:
    return results.measure(small())


def test_documents_are_ranked_with_and_without_their_titles(small_result):
    assert list(small_result.ablations)[:2] == ["passage vectors, no titles", "BM25, no titles"]
    assert small_result.values()["q1"] == 1.0


def test_a_question_that_fails_scores_zero_and_is_counted(small_result):
    assert small_result.figures["answers"]["failed questions"] == 1.0
    failed = small_result.questions[2]
    assert (failed["error"][:13], failed["right"]) == ("QuestionError", False)
    assert small_result.values()["q3"] == 0.0
    assert small_result.values("BM25, no titles")["q3"] == 0.0
    assert results.worst(small_result)[0]["query_id"] == "q3"


def report(*sets: results.SetResult) -> results.Report:
    return results.Report("2026-01-01", f"python -m eval {HOSTILE}", HOSTILE, results.machine(), {}, 1.0, list(sets))


def test_what_documents_say_is_escaped_on_the_page(small_result):
    page = report_page(report(replace(small_result, name=HOSTILE)))
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7 * 7 }}" in page


def test_a_run_can_be_read_again(small_result, tmp_path):
    results.save(report(small_result), tmp_path / "run.json")
    written = json.loads(json.dumps(asdict(report(small_result))))  # tuples are lists in JSON
    assert asdict(results.load(tmp_path / "run.json")) == written


def test_a_summary_has_the_figures_for_a_readme_but_no_questions(small_result, tmp_path):
    results.save(results.summary(report(small_result)), tmp_path / "summary.json")
    assert results.load(tmp_path / "summary.json").sets[0].questions == []
    code, said = run("table", tmp_path / "summary.json")
    header, rule, row = said.splitlines()[:3]
    assert (code, header.count("|"), rule.count("|"), row.split(" | ")[:2]) == (0, 13, 13, ["| small", "4"])


def test_another_json_file_is_no_run(tmp_path):
    (tmp_path / "run.json").write_text('{"sets": [{}]}')
    with pytest.raises(ValueError, match=r"run\.json is not a run of pincite eval"):
        results.load(tmp_path / "run.json")


# --- two runs


def test_a_comparison_names_the_questions_that_changed(small_result):
    first = dict(small_result.questions[0])
    quotes = [{"text": HOSTILE, "title": "", "locator": "", "gold": False}]
    wrong = first | {"quoted": False, "right": False, "found": True, "quotes": quotes}
    before = replace(small_result, questions=[wrong, *small_result.questions[1:]])
    after = replace(small_result, questions=[first | {"right": True, "found": True}, *small_result.questions[1:]])
    (comparison,) = compare(report(before), report(after))
    assert [(change.question, change.before) for change in comparison.better] == [(first["question"], HOSTILE)]
    assert comparison.worse == []
    (row,) = (row for row in comparison.rows if row.name == "right")
    assert (row.before < row.after, row.test.better, row.test.worse) == (True, 1, 0)
    assert "<script>" not in comparison_page([comparison])


def test_comparing_a_run_with_itself_changes_nothing(seeds, tmp_path):
    code, said = run("--compare", seeds / "run.json", seeds / "run.json", "--out", tmp_path)
    assert (code, "better:" in said) == (0, False)
    assert (tmp_path / "compare.html").exists()


def test_runs_without_a_common_data_set_cannot_be_compared(small_result):
    with pytest.raises(ValueError, match=r"the runs share no data set: small \| other"):
        compare(report(small_result), report(replace(small_result, name="other")))
