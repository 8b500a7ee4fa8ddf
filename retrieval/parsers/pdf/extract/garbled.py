"""Whether a page's text is what it shows: a font may give letters other codes than those of what it draws."""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+")
_LEAST_WORDS = 12
_VOWELS = re.compile("[aeiouyæøœıаеёиоуыэюяіїєαεηιουωάέήίόύώ]", re.IGNORECASE)
# Short words of the languages in Latin letters that are written most; every text of some sentences holds one in ten
_COMMON = frozenset(
    "the of and to in is for on that by with as at from it be are was or an this not a der die und das den von zu "
    "mit ist des im auf ein eine für de la le les et en un une du est que pour dans au el los las y del por con "
    "una se il di che e per non sono della o os do da em um uma não com van het een op te dat och att det som på "
    "av är til og er i w na z się nie jest v ve že je s az és egy ja ei ne bir bu için si cu nu este".split()
)


def is_garbled(lines: Iterable[str]) -> bool:
    """Tell whether a page's letters are certainly not those that it shows; False where there are too few to tell."""
    text = " ".join(lines)
    signs = [sign for sign in text if not sign.isspace()]
    strange = sum(sign == "\ufffd" or unicodedata.category(sign) in ("Co", "Cn", "Cc") for sign in signs)
    if len(signs) >= 40 and strange > 0.2 * len(signs):
        return True
    words = [word.casefold() for word in _WORD.findall(text)]
    letters = "".join(words)
    latin = sum("LATIN" in unicodedata.name(sign, "") for sign in letters[:2000])
    if len(words) < _LEAST_WORDS or latin < 0.9 * len(letters[:2000]):
        return False
    accented = sum(ord(sign) > 0xBF for sign in letters)
    if accented > 0.55 * len(letters):  # Cyrillic in a Western code page
        return True
    common = sum(word in _COMMON for word in words)
    long = [word for word in words if len(word) > 2]
    silent = sum(not _VOWELS.search(unicodedata.normalize("NFD", word)) for word in long)
    plain = unicodedata.normalize("NFD", letters)
    voiced = len(_VOWELS.findall(plain))
    return common < 0.08 * len(words) and silent > 0.12 * len(long) and voiced < 0.33 * len(letters)
