"""The chat protocol of OpenAI, spoken by its own client."""

import openai
import pytest

pytest_plugins = ["served"]
QUESTION = "Who urged the CIS countries to help in Syria?"


@pytest.fixture(scope="module")
def client(address):
    with openai.OpenAI(base_url=f"{address}v1", api_key="none needed", max_retries=0) as client:
        yield client


def complete(client, *messages, **options):
    said = [{"role": "assistant" if number % 2 else "user", "content": text} for number, text in enumerate(messages)]
    return client.chat.completions.create(model="pincite", messages=said, **options)


@pytest.mark.slow
def test_there_is_one_model(client):
    assert [model.id for model in client.models.list()] == ["pincite"]
    assert client.models.retrieve("pincite").owned_by == "pincite"
    with pytest.raises(openai.NotFoundError, match="there is no model 'gpt-x'; the one here is 'pincite'"):
        client.models.retrieve("gpt-x")
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-x'"):
        client.chat.completions.create(model="gpt-x", messages=[{"role": "user", "content": QUESTION}])


def test_the_reply_is_the_answer_and_its_notes_lead_to_the_quotes(client, served, address):
    expected = served.ask(QUESTION)
    reply = complete(client, QUESTION)
    (choice,) = reply.choices
    assert (choice.finish_reason, choice.message.role) == ("stop", "assistant")
    assert choice.message.content == expected.to_markdown()
    assert len(choice.message.annotations) == len(expected.citations) > 0
    for note, citation in zip(choice.message.annotations, expected.citations, strict=True):
        found = note.url_citation
        marker = choice.message.content[found.start_index : found.end_index]
        assert marker.replace("\\", "") == f"[{citation.marker}]"
        assert found.title == f"{citation.title}, {citation.locator}"
        assert found.url == f"{address}#doc={citation.doc_id}&p={citation.locator.rpartition('¶ ')[2]}"


def test_a_streamed_reply_is_the_same(client):
    whole = complete(client, QUESTION).choices[0].message
    chunks = list(complete(client, QUESTION, stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert "".join(delta.content or "" for delta in deltas) == whole.content
    assert deltas[0].role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert len({chunk.id for chunk in chunks}) == 1
    (notes,) = [delta.annotations for delta in deltas if getattr(delta, "annotations", None)]
    assert [note["url_citation"]["title"] for note in notes] == [note.url_citation.title for note in whole.annotations]


def test_a_follow_up_leans_on_the_replies_as_they_were_written(client, served):
    first, then = "What did Kazakhstan say about deploying troops to Syria?", "And Kyrgyzstan?"
    asked = served.ask(first)
    history = [{"role": "user", "content": first}, {"role": "assistant", "content": asked.text}]
    reply = complete(client, first, asked.to_markdown(), then).choices[0].message
    assert reply.content == served.ask(then, history=history).to_markdown()


def test_what_is_not_in_the_documents_is_said(client):
    reply = complete(client, "How do I bake a chocolate cake?").choices[0].message.content
    assert reply.startswith("The documents do not say this.")


def test_parts_of_text_and_options_of_ours_are_read(client, served):
    parts = [{"type": "text", "text": QUESTION}]
    only = client.chat.completions.create(
        model="pincite", messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": parts}],
        temperature=0.2, extra_body={"documents": ["tea"], "threshold": 1.0},
    )  # fmt: skip
    assert only.choices[0].message.annotations == []
    assert only.choices[0].message.content == served.ask(QUESTION, where={"doc_id": "tea"}, threshold=1.0).to_markdown()


@pytest.mark.parametrize(
    "messages, options, said",
    [
        ([""], {}, "the question is empty"), ([], {}, "the last message must be the user's"),
        ([QUESTION, "It was he."], {}, "the last message must be the user's"), ([QUESTION], {"n": 2}, "n is 2; there is"),
    ],
)  # fmt: skip
def test_a_wrong_call_says_what_is_wrong(client, messages, options, said):
    with pytest.raises(openai.BadRequestError, match=said):
        complete(client, *messages, **options)
