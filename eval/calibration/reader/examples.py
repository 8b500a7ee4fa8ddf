"""Makes examples of paragraphs with questions: windows, negatives, and the mixture of them. Knows nothing of tokens.

Five kinds: a question with its answer; a look-alike that people wrote; and three made here, which nothing answers: a
question with the most similar other paragraph of its article, with its paragraph without the answer's sentence, and
a question (or its paragraph) in which a name, a number or a word was changed.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from random import Random

from eval.calibration.reader.data import Paragraph, Question, Span
from eval.calibration.reader.perturbing import names, numbers, other_name, other_number, perturbed
from retrieval.text import STOP_WORDS, sentence_spans, stem, words

ANSWERED, LOOK_ALIKE, ELSEWHERE, CUT, CHANGED = KINDS = ("answered", "look-alike", "elsewhere", "cut", "changed")
# Drawn; half of those to be changed allow of no change and are left out, so that 48 % have an answer. Few look-alikes
# exist: where they are drawn more often than this in a long run, each is seen hundreds of times.
MIXTURE = {ANSWERED: 0.42, LOOK_ALIKE: 0.10, ELSEWHERE: 0.085, CUT: 0.13, CHANGED: 0.265}
# How often a question of a source is seen, against one of another: few look-alikes exist, QAMR's are all alike.
WEIGHTS = {"devB": 3.0, "clapnq": 2.0, "qamr": 0.3, "amazon_reviews": 0.4, "reddit": 0.5, "policy": 0.4}
SHORT, LONG, LONGEST = 120, 360, 950  # characters of a window; 4.5 are a token


@dataclass(frozen=True, slots=True)
class Example:
    """A question with a passage. spans and sentences as in data.py; answering: numbers of the sentences that answer."""

    question: str
    text: str
    sentences: tuple[Span, ...]
    answerable: bool
    spans: tuple[Span, ...] = ()
    answering: tuple[int, ...] = ()
    kind: str = ANSWERED


@dataclass(frozen=True, slots=True)
class Draw:
    """What one example is made of; seed: of the chances in making it."""

    kind: str
    paragraph: Paragraph
    question: Question
    seed: int


def whole(paragraph: Paragraph, question: Question) -> Example:
    """Return a question with its whole paragraph, as it is measured."""
    kind = ANSWERED if question.answerable else LOOK_ALIKE
    answering = answering_sentences(paragraph, question)
    return Example(
        question.text, paragraph.text, paragraph.sentences, question.answerable, question.spans, answering, kind
    )


def answering_sentences(paragraph: Paragraph, question: Question) -> tuple[int, ...]:
    """Return the numbers of the sentences that hold one of the answers."""
    places = question.sentences or question.spans
    return tuple(
        number
        for number, (start, end) in enumerate(paragraph.sentences)
        if any(start < stop and begin < end for begin, stop in places)
    )


def window(paragraph: Paragraph, question: Question, anchor: int, random: Random, long: float = 0.08) -> Example:
    """Return the sentences around one, as many as a length drawn by chance allows; the length tells nothing.

    long: the share of windows of up to LONGEST characters, which is most whole paragraphs.
    """
    length = random.randint(LONG, LONGEST) if random.random() >= 1 - long else random.randint(SHORT, LONG)
    low = high = anchor
    sentences = paragraph.sentences
    while sentences[high][1] - sentences[low][0] < length and (low or high < len(sentences) - 1):
        if low and (high == len(sentences) - 1 or random.random() < 0.5):
            low -= 1
        else:
            high += 1
    start, end = sentences[low][0], sentences[high][1]
    answering = [n - low for n in answering_sentences(paragraph, question) if low <= n <= high]
    spans = [(a - start, b - start) for a, b in question.spans if start <= a and b <= end]
    kept = tuple((a - start, b - start) for a, b in sentences[low : high + 1])
    kind = ANSWERED if question.answerable else LOOK_ALIKE
    return Example(
        question.text, paragraph.text[start:end], kept, question.answerable, tuple(spans), tuple(answering), kind
    )


@lru_cache(maxsize=200_000)
def _content(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text) if word not in STOP_WORDS)


def most_similar_sentence(paragraph: Paragraph, question: str) -> int:
    """Return the number of the sentence that shares the most words with a question."""
    asked = _content(question)
    shared = [len(asked & _content(paragraph.text[a:b])) for a, b in paragraph.sentences]
    return max(range(len(shared)), key=shared.__getitem__)


class Article:
    """The paragraphs of one article (or of a source without articles), to find confusable ones."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = list(dict.fromkeys(texts))

    @cached_property
    def _postings(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, text in enumerate(self._texts):
            for term in {stem(word) for word in words(text)}:
                found.setdefault(term, []).append(number)
        return found

    @cached_property
    def names(self) -> list[str]:
        """The names that occur in it, each once."""
        return list(dict.fromkeys(name for text in self._texts[:200] for name in names(text)))

    @cached_property
    def numbers(self) -> list[str]:
        """The numbers that occur in it, each once."""
        return list(dict.fromkeys(number for text in self._texts[:200] for number in numbers(text)))

    def similar(self, question: str, unwanted: str, random: Random) -> str | None:
        """Return one of the three paragraphs that share the most weighty words with a question; never `unwanted`."""
        scores: Counter[int] = Counter()
        for term in _content(question):
            postings = self._postings.get(term, ())
            if len(postings) <= 2000:
                weight = math.log(1 + len(self._texts) / max(1, len(postings)))
                for number in postings:
                    scores[number] += weight  # type: ignore[assignment]
        best = [self._texts[number] for number, _ in scores.most_common(6)]
        best = [text for text in best if text != unwanted][:3]
        return random.choice(best) if best else None


class Maker:
    """Makes examples of paragraphs: a stream without end, the same one for the same seed."""

    def __init__(
        self,
        paragraphs: Sequence[Paragraph],
        articles: Mapping[str, Sequence[str]],
        seed: int = 0,
        long: float = 0.08,
    ) -> None:
        """articles: more paragraphs, by title, beside those that are asked of. long: the share of long windows."""
        self._seed, self._long = seed, long
        self._asked = [(paragraph, question) for paragraph in paragraphs for question in paragraph.questions]
        groups: dict[str, list[str]] = {title: list(texts) for title, texts in articles.items()}
        for paragraph in paragraphs:
            groups.setdefault(_group(paragraph), []).append(paragraph.text)
        self._articles = {name: Article(texts) for name, texts in groups.items()}
        self._everything = Article([paragraph.text for paragraph in paragraphs])

    def draws(self) -> Iterator[Draw]:
        """Yield what the examples are made of, without making them: quick, so that a resumed run can skip."""
        random = Random(self._seed)
        answered = self._deck([pair for pair in self._asked if pair[1].answerable], random)
        unanswered = self._deck([pair for pair in self._asked if not pair[1].answerable], random)
        kinds, chances = list(MIXTURE), list(MIXTURE.values())
        while True:
            kind = random.choices(kinds, chances)[0]
            found = next(unanswered if kind == LOOK_ALIKE else answered, None) or next(answered)
            if kind == LOOK_ALIKE and found[1].answerable:
                kind = CHANGED  # there are no look-alikes
            yield Draw(kind, *found, random.getrandbits(32))

    def _deck(
        self, pairs: Sequence[tuple[Paragraph, Question]], random: Random
    ) -> Iterator[tuple[Paragraph, Question]]:
        """Yield pairs in random order, as often as their source weighs; nothing where there are none."""
        while pairs:
            dealt = []
            for pair in pairs:
                weight = WEIGHTS.get(pair[1].source, 1.0)
                dealt += [pair] * (int(weight) + (random.random() < weight % 1))
            random.shuffle(dealt)
            yield from dealt or pairs

    def example(self, draw: Draw) -> Example | None:
        """Make what was drawn; None where it cannot be, as with a paragraph that is all one sentence."""
        random = Random(draw.seed)
        paragraph, question = draw.paragraph, draw.question
        if not paragraph.sentences:
            return None
        if draw.kind == ANSWERED:
            return self._answered(paragraph, question, random)
        if draw.kind == LOOK_ALIKE:
            return window(paragraph, question, most_similar_sentence(paragraph, question.text), random, self._long)
        if draw.kind == ELSEWHERE:
            return self._elsewhere(paragraph, question, random)
        if draw.kind == CUT:
            return self._cut(paragraph, question, random)
        return self._changed(paragraph, question, random)

    def _answered(self, paragraph: Paragraph, question: Question, random: Random) -> Example | None:
        answering = answering_sentences(paragraph, question)
        return window(paragraph, question, random.choice(answering), random, self._long) if answering else None

    def _article(self, paragraph: Paragraph) -> Article:
        return self._articles[_group(paragraph)]

    def _elsewhere(self, paragraph: Paragraph, question: Question, random: Random) -> Example | None:
        """Put a question to the most similar paragraph of its article that does not hold its answer's words."""
        article = self._article(paragraph) if random.random() < 0.8 else self._everything
        text = article.similar(question.text, paragraph.text, random)
        if text is None or any(paragraph.text[a:b].lower() in text.lower() for a, b in question.spans):
            return None
        other = Paragraph(paragraph.title, text, tuple(sentence_spans(text)))
        asked = Question(question.text, False)
        return _as(window(other, asked, most_similar_sentence(other, question.text), random, self._long), ELSEWHERE)

    def _cut(self, paragraph: Paragraph, question: Question, random: Random) -> Example | None:
        """Take the answer's sentences out of the paragraph."""
        gone = set(answering_sentences(paragraph, question))
        kept = [span for number, span in enumerate(paragraph.sentences) if number not in gone]
        if not kept or not gone:
            return None
        rest = _of_sentences(paragraph.title, [paragraph.text[a:b] for a, b in kept])
        if any(paragraph.text[a:b] in rest.text for a, b in question.spans):
            return None
        asked = Question(question.text, False)
        near = min(max(0, min(gone) - random.randint(0, 1)), len(kept) - 1)
        anchor = most_similar_sentence(rest, question.text) if random.random() < 0.5 else near
        return _as(window(rest, asked, anchor, random, self._long), CUT)

    def _changed(self, paragraph: Paragraph, question: Question, random: Random) -> Example | None:
        """Change the question, or what its paragraph says, in a name, a number or a word.

        Names and numbers are the passage's own for the most part: else it would be enough to see that one is missing,
        while in look-alikes that people write most words stand in the passage, more than in other questions.
        """
        article = self._article(paragraph)
        made = self._answered(paragraph, question, random)
        if made is None:
            return None
        if random.random() < 0.15:
            return _other_passage(made, article, random)
        near = random.random() < 0.8
        known = (names(made.text), numbers(made.text)) if near else (article.names, article.numbers)
        changed = perturbed(question.text, *known, random)
        return Example(changed, made.text, made.sentences, False, kind=CHANGED) if changed else None


def _other_passage(made: Example, article: Article, random: Random) -> Example | None:
    """Change a name or a number of the passage that the question asks about; the question stays as it was written."""
    answers = " ".join(made.text[a:b] for a, b in made.spans)
    shared = [
        word
        for word in (*names(made.question), *numbers(made.question))
        if word in made.text and word not in answers and answers not in word
    ]
    if not shared:
        return None
    word = random.choice(shared)
    known = [word, *article.names] if word[0].isalpha() else article.numbers
    other = (other_name if word[0].isalpha() else other_number)(word, known, random)
    if not other:
        return None
    texts = [made.text[a:b].replace(word, other) for a, b in made.sentences]
    changed = _of_sentences("", texts)
    return Example(made.question, changed.text, changed.sentences, False, kind=CHANGED)


def _of_sentences(title: str, texts: Sequence[str]) -> Paragraph:
    spans, at = [], 0
    for text in texts:
        spans.append((at, at + len(text)))
        at += len(text) + 1
    return Paragraph(title, " ".join(texts), tuple(spans))


def _as(example: Example, kind: str) -> Example:
    return Example(example.question, example.text, example.sentences, False, kind=kind)


def _group(paragraph: Paragraph) -> str:
    """Return the name of what confusable paragraphs are looked for in: the article, or the source."""
    source = paragraph.questions[0].source if paragraph.questions else ""
    return paragraph.title if paragraph.title and source not in ("qed", "clapnq") else f"all of {source}"
