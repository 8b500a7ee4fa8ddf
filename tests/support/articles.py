"""The articles that the tests ask, and questions about them."""

from pathlib import Path

from retrieval import Document

ROOT = Path(__file__).parents[2]
SEED = ROOT / "seeds" / "russias-allies-syrian-operation.txt"

# file name or doc_id -> text; the odd characters are there for the offsets
ARTICLES = {
    "bees.txt": "Bees 🐝 in Winter\n\nHoney bees do not hibernate. They form a cluster around the queen and shiver to stay "
    "warm.\r\n\r\nA colony eats about 30 pounds of honey between November and March. The beekeeper weighs the hive.",
    "bridge.md": "# Harwick Bridge\n\n## History\n\nThe bridge at Harwick was opened in 1932 by Mayor Ellen Brandt. It "
    "replaced a ferry that had crossed the river since 1811.\n\n## Repair\n\nThe deck was renewed in 1998. The work "
    "cost 4.2 million pounds.\n",
    "tea.txt": "Tea\n\nGreen tea is made from leaves that are heated soon after picking. The heat stops oxidation, so "
    "that they stay green. Black tea is left to oxidise fully before it is dried.",
    "volcano.txt": "The volcano Eyjafjallajökull erupted in April 2010. Its ash closed European airspace for six days.\n\n"
    "Some 100,000 flights were cancelled — ten million travellers were stranded.",
    "lighthouse": "The keeper of the Orvik lighthouse was Jonas Hallgrimsson. He lit the lamp every evening for forty "
    "years. The lighthouse was automated in 1987 and the keeper’s house is now a museum.",
    "glacier": "The Aldra glacier has lost 800 metres of its length since 1950. Surveyors measure it every September. "
    "𝒜 marker stone shows where the ice ended in 1900.",
    "bakery": "The sourdough starter of the Mill Street bakery is 74 years old. It is fed twice a day with rye flour and "
    "water. The bakery sells 600 loaves on a Saturday.",
    "library": "The town library lends seeds as well as books. Borrowers return seeds from their own harvest in autumn. "
    "The librarian Maria Okafor began the collection with 40 kinds of beans.",
}
QUESTIONS = [
    "Do honey bees hibernate?", "How much honey does a colony eat in winter?", "What do bees cluster around?",
    "Who opened the bridge at Harwick?", "What did the bridge replace?", "How much did the work on the deck cost?",
    "When was the bridge deck renewed?", "How is green tea made?", "Why do green tea leaves stay green?",
    "Is black tea oxidised?", "When did Eyjafjallajökull erupt?", "How many flights were cancelled?",
    "How long was European airspace closed?", "Who kept the Orvik lighthouse?", "When was the lighthouse automated?",
    "What is in the keeper's house now?", "How much length has the Aldra glacier lost?", "When is the glacier measured?",
    "What does the marker stone show?", "How old is the sourdough starter?", "What is the starter fed with?",
    "How many loaves does the bakery sell on a Saturday?", "What does the town library lend?",
    "Who began the seed collection?", "When do borrowers return seeds?", "Who urged the CIS countries to help in Syria?",
    "What did Kazakhstan say about deploying troops to Syria?", "Where was the CIS defense ministerial held?",
    "What did Ibrahim Kalin say?", "Which publication carried the article about Syria?",
]  # fmt: skip


def articles(folder: Path) -> list[Path | Document]:
    """Write the articles that are files into a folder; return all, ready to be added."""
    sources: list[Path | Document] = [SEED]
    for name, text in ARTICLES.items():
        if "." in name:
            (folder / name).write_bytes(text.encode())
            sources.append(folder / name)
        else:
            sources.append(Document(name, name.title(), text, metadata={"kind": "memory", "length": len(text)}))
    return sources
