"""The tokenizer of XLM-R (Conneau et al., 2020) from pieces and scores, for the library `tokenizers`."""

import unicodedata
from typing import TYPE_CHECKING

from retrieval.embedding.multilingual.weights import Pieces

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def tokenizer(pieces: Pieces) -> "Tokenizer":
    """Return it; what it maps characters to is NFKC, but for some that go to nothing or to a space."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    made = Tokenizer(models.Unigram(pieces.scored, unk_id=pieces.unknown, byte_fallback=False))
    dropped = [one for one, to in pieces.characters.items() if not to]
    spaces = [one for one, to in pieces.characters.items() if to == " " and unicodedata.normalize("NFKC", one) != " "]
    made.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_one_of(dropped)), ""),
            normalizers.Replace(Regex(_one_of(spaces)), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    begin, end = pieces.scored[pieces.begin][0], pieces.scored[pieces.end][0]
    special = [pieces.scored[id_][0] for id_ in (pieces.begin, pieces.padding, pieces.end, pieces.unknown)]
    made.add_special_tokens([AddedToken(piece, special=True) for piece in [*special, pieces.scored[-1][0]]])
    made.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}", special_tokens=[(begin, pieces.begin), (end, pieces.end)]
    )
    return made


def _one_of(characters: list[str]) -> str:
    return "[" + "".join(f"\\x{{{ord(one):X}}}" for one in characters) + "]"
