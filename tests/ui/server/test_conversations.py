"""Conversations in a file: kept, found, renamed, deleted, and seen by nobody else."""

import stat
import threading

import pytest

from ui.server import Conversations


@pytest.fixture
def kept(tmp_path):
    return Conversations(tmp_path / "conversations.db")


def turn(question, **more):
    return {"question": question, "html": "<p>1</p>", **more}


def questions(kept, who, conversation, **limits):
    return [each["question"] for each in kept.turns(who, conversation, **limits)]


def test_turns_come_back_in_order_and_as_they_were(kept):
    name, number = kept.keep("ann", "", turn("Who  sings?", record={"found": True, "citations": [1, "é"]}))
    assert number == 1 and kept.keep("ann", name, turn("And who dances?")) == (name, 2)
    assert kept.turns("ann", name) == [
        {"question": "Who  sings?", "html": "<p>1</p>", "record": {"found": True, "citations": [1, "é"]}, "number": 1},
        {"question": "And who dances?", "html": "<p>1</p>", "number": 2},
    ]
    assert kept.title("ann", name) == "Who sings?"


def test_a_long_conversation_is_read_piece_by_piece(kept):
    name, _ = kept.keep("ann", "", turn("1"))
    for number in range(2, 51):
        kept.keep("ann", name, turn(str(number)))
    assert questions(kept, "ann", name, count=3) == ["48", "49", "50"]
    assert questions(kept, "ann", name, before=48, count=3) == ["45", "46", "47"]
    assert questions(kept, "ann", name, before=2, count=3) == ["1"]
    assert len(questions(kept, "ann", name)) == 50


def test_a_turn_that_is_asked_again_replaces_itself_and_what_came_after(kept):
    name, _ = kept.keep("ann", "", turn("one"))
    kept.keep("ann", name, turn("two"))
    kept.keep("ann", name, turn("three"))
    assert kept.keep("ann", name, turn("2"), number=2) == (name, 2)
    assert questions(kept, "ann", name) == ["one", "2"]
    assert kept.keep("ann", name, turn("3"), number=99) == (name, 3)


def test_they_are_found_by_title_and_question_and_the_last_used_comes_first(kept):
    first, _ = kept.keep("ann", "", turn("Who built the bridge?"))
    second, _ = kept.keep("ann", "", turn("What is 100 % wool_blend?"))
    kept.keep("ann", first, turn("And the lighthouse?"))
    assert [(each.id, each.title, each.turns) for each in kept.find("ann")] == [
        (first, "Who built the bridge?", 2), (second, "What is 100 % wool_blend?", 1),
    ]  # fmt: skip
    assert [each.id for each in kept.find("ann", "LIGHTHOUSE")] == [first]
    assert [each.id for each in kept.find("ann", "0 %")] == [second]
    assert [each.id for each in kept.find("ann", "l_b")] == [second]
    assert kept.find("ann", "no_h") == []


def test_nobody_sees_or_changes_anothers(kept):
    name, _ = kept.keep("ann", "", turn("a secret"))
    assert kept.find("bob") == [] == kept.find("bob", "secret") == kept.find("")
    for act in (
        lambda: kept.turns("bob", name), lambda: kept.title("", name), lambda: kept.rename("bob", name, "mine"),
        lambda: kept.delete("bob", name), lambda: kept.keep("bob", name, turn("x")),
    ):  # fmt: skip
        with pytest.raises(KeyError):
            act()
    assert questions(kept, "ann", name) == ["a secret"]


def test_renamed_and_deleted_with_all_that_was_asked(kept, tmp_path):
    name, _ = kept.keep("ann", "", turn("an unforgettable question"))
    kept.rename("ann", name, "  New \n name " + "x" * 100)
    assert kept.title("ann", name) == ("New name " + "x" * 100)[:80]
    kept.delete("ann", name)
    with pytest.raises(KeyError):
        kept.turns("ann", name)
    other, _ = kept.keep("ann", "", turn("other"))
    assert [each.id for each in kept.find("ann")] == [other]


def test_only_the_owner_of_the_page_may_read_the_file(kept, tmp_path):
    kept.keep("ann", "", turn("a secret"))
    assert stat.S_IMODE((tmp_path / "conversations.db").stat().st_mode) == 0o600


def test_without_a_place_or_a_person_nothing_is_kept(kept, tmp_path):
    nowhere = Conversations(None)
    assert nowhere.keep("ann", "", turn("x")) == ("", 0) == kept.keep("", "", turn("x"))
    assert nowhere.find("ann") == [] == kept.find("ann")
    assert [nowhere.keeps("ann"), kept.keeps(""), kept.keeps("ann")] == [False, False, True]
    assert list(tmp_path.iterdir()) == []


def test_several_threads_and_copies_lose_nothing(kept, tmp_path):
    name, _ = kept.keep("ann", "", turn("0"))
    copy = Conversations(tmp_path / "conversations.db")

    def ask(through):
        for number in range(10):
            through.keep("ann", name, turn(str(number)))

    threads = [threading.Thread(target=ask, args=(each,)) for each in (kept, copy, kept, copy)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept.turns("ann", name)) == 41
