"""Whether a question is in a language other than English, which the documents are taken to be in.

A question is taken for another language by its letters, or by small words that English does not have; names, keywords
and English with a foreign word in it have none of those, or have English ones too: no false alarm on the 5,453
English questions of four public sets, where py3langid (0.6 s to load) has 79; lingua takes 96 MB.
"""

import re
import unicodedata
from collections import Counter

from retrieval.text.terms import STOP_WORDS

_WORD = re.compile(r"[^\W\d_]+")
_LEAST = 2  # small words, or words in other letters, of a question
# Small words, as many of them questions as may be, that English does not have.
_SMALL = {
    "German": "der das dem den des ein eine einen einer und oder nicht ist sind wurde wurden hat haben wer wie "
    "wann wo warum wieso welche welcher welches für über mit von vom zum zur auf aus bei nach wird "
    "werden kann können sich auch",
    "French": "le la les du des un une et ou où est sont qui que quoi quel quelle quels quelles quand comment "
    "pourquoi combien dans pour sur avec par ne pas été ont au aux ce cette ces il elle ils elles qu "
    "leur leurs",
    "Spanish": "el la los las un una y o es son fue fueron qué que quién quien quiénes cuándo cómo dónde cuál "
    "cuáles cuántos cuántas por para con en del al se su sus no lo como más pero hay está",
    "Portuguese": "o os um uma e ou é são foi foram que quem quando como onde qual quais quantos quantas por para "
    "com em do da dos das no na nos nas se seu sua não mais ao pelo pela",
    "Italian": "il lo gli le un una e è sono che chi quando come dove perché quale quali quanti quante di del "
    "della dei delle nel nella con per non si ha hanno stato stata sulla sulle cosa",
    "Dutch": "de het een en van wie wat wanneer waar waarom hoe welke is zijn werd werden heeft hebben voor "
    "met op aan bij naar niet ook uit door over dat deze",
    "Swedish": "och är var vem vad när hur varför vilken vilket vilka som på av för med till inte har hade ett "
    "den det att från",
    "Danish": "og er hvem hvad hvornår hvor hvordan hvorfor hvilken hvilke som på af med til ikke har havde et "
    "den det at fra om",
    "Norwegian": "og er hvem hva når hvor hvordan hvorfor hvilken hvilke som på av med til ikke har hadde et den "
    "det at fra om",
    "Polish": "kto co kiedy gdzie jak dlaczego który która które jest są był była było nie na w z do od się i "
    "oraz przez czy ile",
    "Czech": "kdo co kdy kde jak proč který která které je jsou byl byla bylo ne na v z do od se a nebo přes "
    "kolik pro",
    "Turkish": "ve bir bu ne kim nasıl neden nerede hangi kaç ile için mi mı mu mü değil olarak dedi daha çok "
    "gibi kadar",
    "Romanian": "și și sau este sunt cine ce când unde cum care cât câți câte în din de la cu pe pentru nu a au "
    "fost despre",
    "Hungarian": "az egy és vagy ki mi mikor hol hogyan miért melyik hány van volt voltak nem ez hogy mely mit",
    "Finnish": "ja tai on oli ovat kuka mikä mitä milloin missä miten miksi kuinka ei että joka kun",
    "Indonesian": "siapa apa kapan mana bagaimana mengapa berapa yang dan di ke dari untuk dengan pada adalah "
    "tidak ini itu",
}  # fmt: skip
# What questions begin with in one of them, and neither names nor English begin with.
_ASKING = frozenset(
    "wer wie wann warum wieso welche welcher welches quién quiénes qué cuándo cómo dónde cuál cuántos quem "
    "quand comment pourquoi combien quando quanti wanneer waarom kdo kdy proč kto kiedy dlaczego hvem hvad "
    "hvornår hvorfor vem när varför neden nasıl hangi când unde mikor miért mikä missä siapa bagaimana".split()
)
_KNOWN = {language: frozenset(listed.split()) for language, listed in _SMALL.items()}
_SHARED = frozenset(
    "a am an as at be by de do el en er for he i in is it la le me my no o on or so the to un was we y".split()
)
_SCRIPTS = {
    "CYRILLIC": "Cyrillic script", "GREEK": "Greek", "ARABIC": "Arabic script", "HEBREW": "Hebrew",
    "DEVANAGARI": "Devanagari script",
    "CJK": "Chinese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean", "THAI": "Thai",
    "GEORGIAN": "Georgian", "ARMENIAN": "Armenian", "BENGALI": "Bengali", "TAMIL": "Tamil",
}  # fmt: skip


def foreign(question: str) -> str:
    """Return the language or script of a question that is not English, "" for English."""
    return _script(question) or _language(question)


def _script(question: str) -> str:
    """Return the script that most letters are of, "" for Latin."""
    letters = [character for character in question if character.isalpha()]
    scripts = Counter(_SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0], "") for letter in letters)
    if scripts["Japanese"]:  # written with Chinese characters too
        scripts["Japanese"] += scripts.pop("Chinese", 0)
    named = max((name for name in scripts if name), key=lambda name: scripts[name], default="")
    return named if named and 2 * scripts[named] > len(letters) and len(letters) > 3 else ""


def _language(question: str) -> str:
    """Return the language whose small words a question has, "" where it has as many English ones."""
    words = [word.lower() for word in _WORD.findall(unicodedata.normalize("NFC", question))]
    english = sum(word in STOP_WORDS and word not in _SHARED for word in words)
    found = {name: sum(word in own and word not in STOP_WORDS for word in words) for name, own in _KNOWN.items()}
    best = max(found, key=lambda name: found[name])
    least = 1 if len(words) > 2 and words[0] in _ASKING else _LEAST
    return best if found[best] >= least and found[best] > 2 * english else ""
