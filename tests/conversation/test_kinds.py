import pytest

from retrieval.conversation.kinds import kind_of


@pytest.mark.parametrize(
    ("kind", "messages"),
    [
        ("overview", "What is this about?|summarize the lease|Main points|tl;dr|Can you give me a short overview of it?|"
         "What are the key takeaways?|What is the report on street trees about?|What’s the lease about?|"
         "Please summarise this document|What is the newsletter about?|What does this article say?"),
        ("conclusion", "What does the author conclude?|What are the main conclusions of the study?"),
        ("speakers", "Who is quoted?|List the people and what they say|Who says what?|Which experts are quoted?"),
        ("outlets", "Which outlets are cited?|What newspapers does it quote?|List all news agencies"),
        ("timeline", "Give me a timeline|List all dates|What are the important dates in the mail?|What happened in June 2017?|What happened on 3 May 2025?"),
        ("list", "What are the limitations?|Which countries signed?|What do I need to bring?|List all rooms"),
        ("decisions", "What was decided?|What did the board agree on at the meeting?|List the decisions|"
         "Which decisions were made by the board?"),
        ("look-up", "What was decided about the roof?|What did they agree to pay?|What did they agree on in 2014?"),
        ("countries", "Which countries are mentioned?|List all countries|What countries does the article mention?"),
        ("steps", "How do I claim expenses?|How can I descale the machine?|What should I do when the display shows E3?"),
        ("reasons", "Why did they refuse?|What two reasons are given?|What are the main reasons for the delay?"),
        ("compare", "Compare the Free and the Team plan|How does the new edition differ?|"
         "What is the difference between annual and sick leave?"),
        ("look-up", "Who speaks for the president of Turkey?|When does the lease begin?|What does CIS stand for?|"
         "What happened in 1992 in a UK-wide process?|How many different teams did he take to the final?|"
         "How long do I have to wait?|What is the fuss about the heating?|What is the summary offence called?|"
         "How do the leaders usually talk?|How many points did they score versus Pittsburgh?"),
    ],
)  # fmt: skip
def test_what_is_asked_for(kind, messages):
    assert {message: kind_of(message) for message in messages.split("|")} == dict.fromkeys(messages.split("|"), kind)
