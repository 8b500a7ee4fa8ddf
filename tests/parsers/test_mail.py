"""Mails: every part that is shown, attachments, what they repeat of others, and where messages of a mailbox part."""

from email.message import EmailMessage

import pytest

from retrieval.parsers import parse

LONG = "<h1>Plan</h1><p>The barge leaves at noon from quay four. It is back at six, and it stays at quay nine for the night.</p>"


def blocks(content, suffix=".eml"):
    parsed = parse(suffix, content if isinstance(content, bytes) else content.encode())
    return [(block.place, parsed.text[block.start : block.end]) for block in parsed.blocks]


def texts(content):
    return [text for _, text in blocks(content)]


def parts(kind, *bodies):
    joined = "".join(f"--B\n{body}\n" for body in bodies)
    return f"Subject: S\nMIME-Version: 1.0\nContent-Type: {kind}; boundary=B\n\n{joined}--B--\n"


def test_every_part_that_is_shown_is_read():
    picture = "Content-Type: image/png; name=a.png\nContent-Disposition: inline; filename=a.png\n\nx"
    mail = parts(
        "multipart/mixed", "Content-Type: text/plain\n\nFirst.", picture, "Content-Type: text/plain\n\nSecond."
    )
    assert texts(mail) == ["S", "First.", "Second.", "Attachment: a.png"]


def test_the_alternative_that_says_most():
    def alternative(plain, html=LONG):
        return texts(
            parts("multipart/alternative", f"Content-Type: text/plain\n\n{plain}", f"Content-Type: text/html\n\n{html}")
        )

    shown = "The barge leaves at noon from quay four. It is back at six, and it stays at quay nine for the night."
    assert alternative(" ")[-1] == shown
    assert alternative("Your program does not show HTML.")[-1] == shown
    assert alternative(f"Plan\n\n{shown}") == ["S", "Plan", shown]


def test_parts_against_the_rules():
    assert texts("Subject: S\nContent-Type: multipart/mixed\n\nNo parts.\n") == ["S", "No parts."]
    assert texts("Subject: S\nContent-Type: text/enriched\n\n<bold>Big</bold> news.\n") == ["S", "Big news."]
    assert texts("\ufeff\n\nSubject: S\n\nText.\n") == ["S", "Text."]
    encoded = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogT25lCgpJbm5lciB3b3Jkcy4K"
    assert blocks(parts("multipart/mixed", "Content-Type: text/plain\n\nSee.", encoded))[-2:] == [
        ("attached message 1", "One"), ("attached message 1", "Inner words."),
    ]  # fmt: skip


def test_why_a_mail_did_not_arrive():
    status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nAction: failed\nStatus: 5.1.1"
    mail = parts("multipart/report; report-type=delivery-status", "Content-Type: text/plain\n\nSorry.", status)
    assert texts(mail)[-1] == "Reporting-MTA: dns; mx\nAction: failed\nStatus: 5.1.1"


def test_attachments_are_read_where_their_kind_is():
    mail = EmailMessage()
    mail["Subject"] = "S"
    mail.set_content("See the table.")
    mail.add_attachment(b"Boat,Toll\nBarge,12\nPunt,3\n", maintype="text", subtype="csv", filename="tolls.csv")
    mail.add_attachment(b"\x00", maintype="application", subtype="zip", filename="a.zip")
    mail.add_attachment(b"no workbook", maintype="application", subtype="x", filename="b.xlsx")
    parsed = parse(".eml", mail.as_bytes())
    found = [(block.place, block.row, parsed.text[block.start : block.end]) for block in parsed.blocks]
    assert ("tolls.csv", 2, "Boat: Barge; Toll: 12") in found
    assert "Attachment: tolls.csv\nAttachment: a.zip\nAttachment: b.xlsx" in parsed.text
    assert "the attachment b.xlsx is damaged" in parsed.metadata["warnings"]


def test_what_a_reply_repeats_is_not_its_own():
    mail = "Subject: S\n\nNoon is fine.\n\nOn Tue, 3 Mar 2026, Ann wrote:\n> Is noon fine?\n>\n> Ann\n\nBob\n"
    assert blocks(mail) == [
        ("", "S"), ("", "Noon is fine."), ("", "Bob"),
        ("quoted text", "On Tue, 3 Mar 2026, Ann wrote:"), ("quoted text", "Is noon fine?"), ("quoted text", "Ann"),
    ]  # fmt: skip
    forwarded = "Subject: S\n\nSee below.\n\n-----Original Message-----\nFrom: Ann\n\nIs noon fine?\n"
    assert blocks(forwarded)[1:] == [
        ("", "See below."), ("quoted text", "-----Original Message-----"), ("quoted text", "From: Ann"), ("quoted text", "Is noon fine?"),
    ]  # fmt: skip
    html = (
        "Subject: S\nContent-Type: text/html\n\n<p>Fine.</p><blockquote type=cite><p>Is noon fine?</p></blockquote>\n"
    )
    assert blocks(html) == [("", "S"), ("", "Fine."), ("quoted text", "Is noon fine?")]
    assert blocks("Subject: S\n\n> All is a quote.\n") == [("", "S"), ("", "> All is a quote.")]


def test_a_reply_between_the_lines_stays_in_order():
    mail = "Subject: S\n\nOn Tue, 3 Mar 2026, Ann wrote:\n> Is noon fine?\nYes.\n> And the boat?\nNo.\n"
    assert "> Is noon fine?\nYes.\n> And the boat?\nNo." in parse(".eml", mail.encode()).text
    mail = "Subject: S\n\nHi.\n> Is noon fine?\nYes.\n\nOn Tue, 3 Mar 2026, Ann wrote:\n> Long.\n"
    assert blocks(mail)[1:] == [
        ("", "Hi.\n> Is noon fine?\nYes."), ("quoted text", "On Tue, 3 Mar 2026, Ann wrote:"), ("quoted text", "Long."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("VGhlIGZlZSBpcyAyNDAu\n", "The fee is 240."), ("VGhlIGZl\nZSBpcyAyNDAu\n\n--\nThe list\n", "The fee is 240.\n--\nThe list"),
        ("VGhlIGZlZSBpcyAyND\n", "The fee is 24"), ("The fee is 240.\n", "The fee is 240."),
        ("Café: 240.\n\nTea: 3.\n", "Café: 240.\n\nTea: 3."),
    ],
)  # fmt: skip
def test_base64_that_is_cut_or_has_text_behind_it(body, text):
    mail = f"Subject: S\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n{body}"
    assert parse(".eml", mail.encode()).text == f"S\n\n{text}"


def test_what_an_old_label_or_a_cipher_hides_is_told():
    labelled = "Subject: S\nContent-Type: text/plain; charset=us-ascii\n\nThe café opens.\n"
    assert parse(".eml", labelled.encode()).text == "S\n\nThe café opens."
    page = "Subject: S\nContent-Type: text/html; charset=us-ascii\n\n<p>The café opens.</p>\n"
    assert parse(".eml", page.encode()).text == "S\n\nThe café opens."
    inline = "Subject: S\n\n-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n"
    assert "it is encrypted" in parse(".eml", inline.encode()).metadata["warnings"]
    sealed = "Subject: S\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=s.p7m\n\nMIAG\n"
    assert "it is encrypted" in parse(".eml", sealed.encode()).metadata["warnings"]


def test_a_line_that_begins_with_from_is_text():
    box = "From a@b Tue Mar  3 09:30:00 2026\nSubject: One\n\nHello.\n\nFrom 10:30 on it is open.\n\nFrom A to B.\n\n"
    assert blocks(box + "From c@d Tue Mar  3 10:30:00 2026\nSubject: Two\n\n>From me.\n", ".mbox") == [
        ("message 1", "One"), ("message 1", "Hello."), ("message 1", "From 10:30 on it is open."),
        ("message 1", "From A to B."), ("message 2", "Two"), ("message 2", "From me."),
    ]  # fmt: skip
