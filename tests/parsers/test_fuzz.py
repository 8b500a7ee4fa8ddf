"""Whatever the bytes: a reading that keeps its promises, or a reason. Never a crash, never a wait.

    PINCITE_FUZZ_SECONDS=600 nice python -m pytest tests/parsers/test_fuzz.py -s -k for_long

drives each reader for that long (one: -k "for_long and .tex").
"""

import collections
import os
import re
import time

import hypothesis
import pytest
from every_block import MARKDOWN
from fuzzing import LEGIBLE, PAGES, SEEDS, ZIPPED, check, edited, edited_member, edited_xml, edits, larger, printed
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from retrieval.parsers.formats import FORMATS
from retrieval.parsers.sandbox import Sandbox

pytestmark = pytest.mark.slow  # thousands of damaged files

SECONDS = float(os.environ.get("PINCITE_FUZZ_SECONDS", "0"))
QUICK = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
ROUND = settings(
    deadline=None, max_examples=300, database=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)  # fmt: skip


@pytest.fixture(scope="module")
def sandbox():
    box = Sandbox(seconds=20)
    yield box
    box.close()


def test_every_format_has_a_seed_or_is_another_name_of_one():
    seeded = {FORMATS[suffix] for suffix in SEEDS}
    assert {suffix for suffix, kind in FORMATS.items() if kind not in seeded} == set()


@settings(QUICK, max_examples=250)
@given(suffix=st.sampled_from(sorted(SEEDS)), edits=edits())
def test_damaged_files(sandbox, suffix, edits):
    check(sandbox, suffix, edited(SEEDS[suffix], edits))


@settings(QUICK, max_examples=100)
@given(suffix=st.sampled_from(ZIPPED), share=st.floats(0, 0.999), edits=edits())
def test_damaged_members_of_archives(sandbox, suffix, share, edits):
    check(sandbox, suffix, edited_member(SEEDS[suffix], share, edits))


@settings(QUICK, max_examples=100)
@given(suffix=st.sampled_from(ZIPPED), share=st.floats(0, 0.999), edits=edits())
def test_archives_of_odd_xml(sandbox, suffix, share, edits):
    check(sandbox, suffix, edited_xml(SEEDS[suffix], share, edits))


@settings(QUICK, max_examples=100)
@given(pages=PAGES)
def test_words_anywhere_on_a_page(sandbox, pages):
    check(sandbox, ".pdf", printed([[LEGIBLE, *page] for page in pages]))


@settings(QUICK, max_examples=8)
@given(pages=PAGES)
def test_pages_on_which_letters_are_looked_for(sandbox, pages):
    """Those without words, or with words out of view, are recognized as scans are: a second each."""
    check(sandbox, ".pdf", printed(pages))


def damaged(suffix, content):
    """Strategy of damaged files of one format."""
    seeds = st.sampled_from([SEEDS[suffix], content, content])
    ways = [st.builds(edited, seeds, edits(suffix))]
    if suffix in ZIPPED:
        share = st.floats(0, 0.999)
        ways = [
            st.builds(edited_member, seeds, share, edits(suffix)),
            st.builds(edited_xml, seeds, share, edits(suffix)),
        ]
        ways *= 3
        ways.append(st.builds(edited, seeds, edits(suffix)))
    if suffix == ".pdf":
        ways.append(st.builds(printed, PAGES))
    return st.one_of(ways)


@pytest.mark.skipif(not SECONDS, reason="takes long: set PINCITE_FUZZ_SECONDS to the seconds for each reader")
@pytest.mark.parametrize("suffix", SEEDS)
def test_for_long(sandbox, tmp_path, suffix):
    reasons = collections.Counter()
    shortest = {}
    started = time.monotonic()

    @ROUND
    @given(content=damaged(suffix, larger(suffix, MARKDOWN, tmp_path)))
    def attempt(content):
        reason = re.sub(r"\d+|'.*'", "#", check(sandbox, suffix, content))[:120]
        reasons[reason] += 1
        shortest[reason] = min(shortest.get(reason, content), content, key=len)

    rounds = 0
    while time.monotonic() - started < SECONDS:
        hypothesis.seed(rounds)(attempt)()
        rounds += 1
    print(f"\n{suffix}: {sum(reasons.values()):,} files in {time.monotonic() - started:.0f} s, {reasons['']:,} read")
    for reason, count in reasons.most_common(30):
        print(f"  {count:,} x {reason} {shortest[reason][:300] if 'Error' in reason else ''}")
