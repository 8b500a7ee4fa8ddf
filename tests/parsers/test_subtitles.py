"""Subtitles: marks and entities of each kind, and captions that roll up line by line."""

import pytest

from retrieval.parsers import UnreadableError, parse


def cues(*texts):
    return (
        "\n\n".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{text}" for n, text in enumerate(texts, start=1)) + "\n"
    )


def test_only_marks_are_left_out():
    assert parse(
        ".srt", cues("If a < b and c > d.", "{\\an8}<i>Wait</i> <font color=red>now</font>.").encode()
    ).text == ("If a < b and c > d.\nWait now.")
    web = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Bob>Lee &amp; Sons: 3 &lt; 4.</v>\n\n00:02.000 --> 00:03.000\n<c.red>So</c> be it.\n"
    assert parse(".vtt", web.encode()).text == "Bob: Lee & Sons: 3 < 4.\nSo be it."


def test_captions_that_roll_are_read_once():
    web = """WEBVTT

00:00.000 --> 00:02.000
the<00:00:00.500><c> barge</c> waits

00:02.000 --> 00:02.010
the barge waits

00:02.010 --> 00:04.000
the barge waits
at<00:00:02.500><c> noon</c>

00:04.000 --> 00:04.010
at noon

00:04.010 --> 00:06.000
at noon
by the gate
"""
    parsed = parse(".vtt", web.encode())
    assert parsed.text == "the barge waits\nat noon\nby the gate"
    assert parsed.blocks[0].place == "0:00–0:06"


def test_what_is_said_twice_stays_twice():
    assert parse(".srt", cues("No.", "No.", "Why?", "Because.").encode()).text == "No.\nNo.\nWhy?\nBecause."


def test_what_has_no_times_is_no_subtitle():
    with pytest.raises(UnreadableError, match="holds no subtitles"):
        parse(".srt", b"Only words.")


def test_times_and_numbers_as_people_write_them():
    written = "\ufeff00:00:01.000-->00:00:02\nOne\n\n\n00:00:04,5 --> 0:0:5\n2024\n\n3\n00:00:06,000 --> 00:00:07,000 X1:1 X2:2\n\n42\n4\n00:00:08,000 --> 00:00:09,000\nFour\n\nand more."
    assert parse(".srt", written.encode()).text == "One\n2024\n42\nFour\nand more."


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (("the barge waits", "the barge waits\nat noon", "at noon\nby the gate"), "the barge waits\nat noon\nby the gate"),
        (("the barge", "the barge waits", "the barge waits at", "it is\nlate"), "the barge waits at\nit is\nlate"),
        (("One boat", "One boat\nat noon"), "One boat\nat noon"),
    ],
)  # fmt: skip
def test_captions_that_roll_or_grow_in_files_of_their_own(texts, shown):
    assert parse(".srt", cues(*texts).encode()).text == shown


def test_who_speaks_and_what_is_read_aloud_only():
    web = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud Ann Lee>Is it noon?\nIs it?</v>\n<v Bob>No.</v>\n\n00:02.000 --> 00:03.000\n<v Bob>The <ruby>gate<rt>geit</rt></ruby> is shut.\n"
    assert parse(".vtt", web.encode()).text == "Ann Lee: Is it noon?\nIs it?\nBob: No.\nThe gate is shut."
