import pytest

from retrieval.text.language import foreign


@pytest.mark.parametrize(
    "question",
    ["Kalin", "Los Angeles", "Le Monde", "Bashar al-Assad Idlib", "Qui Gon Jinn", "who directed das leben der anderen",
     "Eyjafjallajökull", "de facto", "Was Kalin in Ankara?", "die hard", "Wat Pho", "Kim Jong Un"],
)  # fmt: skip
def test_names_and_short_english_are_english(asked, question):
    assert foreign(question) == ""
