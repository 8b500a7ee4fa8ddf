"""One library used from an event loop, from threads and from several processes at once."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from articles import QUESTIONS

from retrieval import Document

ASK = """
import json, sys
from fakes import HashedEncoder
from retrieval import Library, Settings
with Library(sys.argv[1], Settings(threshold=0.0), encoder=HashedEncoder()) as library:
    print("ready", flush=True)
    for _ in range(int(sys.argv[2])):
        found = [library.ask(f"bees number {number}").citations[0].quote for number in range(5)]
        assert found == [f"Bees number {number} shiver." for number in range(5)], found
    print(json.dumps(sorted(document.doc_id for document in library.documents())))
"""


def quotes(answers):
    return [[citation.quote for citation in answer.citations] for answer in answers]


def test_an_event_loop_goes_on_while_questions_are_answered(asked):
    async def all_at_once():
        turns = 0

        async def count():
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        counting = asyncio.create_task(count())
        answers = await asyncio.gather(*(asyncio.to_thread(asked.ask, question, k=3) for question in QUESTIONS[:12]))
        counting.cancel()
        return answers, turns

    answers, turns = asyncio.run(all_at_once())
    assert quotes(answers) == quotes(asked.ask(question, k=3) for question in QUESTIONS[:12])
    assert {len(answer.passages) for answer in answers} == {3}
    assert turns > 100


@pytest.mark.slow
def test_sixteen_threads_get_the_answers_that_one_gets(asked):
    questions = QUESTIONS[:8] * 8
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(asked.ask, questions))
    assert quotes(answers) == quotes(asked.ask(question) for question in QUESTIONS[:8]) * 8


@pytest.mark.slow
def test_sixteen_threads_cost_no_more_than_one(asked):
    """In processor time, which a busy machine changes least; the best of a few turns, and with room for a busy one."""
    ratios = []
    for _ in range(3):
        began = time.process_time()
        for question in QUESTIONS:
            asked.ask(question)
        alone = time.process_time()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(asked.ask, QUESTIONS))
        ratios.append((time.process_time() - alone) / (alone - began))
    assert min(ratios) < 1.6  # 0.96 to 1.31 were seen


@pytest.mark.slow
def test_processes_ask_while_another_adds(hashed, python):
    hashed.add(Document(f"d{number}", "Bees", f"Bees number {number} shiver.") for number in range(5))
    asking = [python(ASK, hashed.path, 20) for _ in range(2)]
    assert [process.stdout.readline() for process in asking] == ["ready\n"] * 2
    for number in range(100, 130):
        hashed.add(Document(f"d{number}", "Wasps", f"Wasps number {number} sting."))
    results = [process.communicate() for process in asking]
    assert [trouble for _, trouble in results] == ["", ""]
    for printed, _ in results:
        assert set(json.loads(printed)) >= {f"d{number}" for number in range(5)}
    final, trouble = python(ASK, hashed.path, 1).communicate()
    assert (len(json.loads(final.splitlines()[1])), trouble) == (35, "")
