"""Messages that ask nothing of the documents, and what to say to them."""

import re
from collections.abc import Sequence

_SMALL_TALK = {
    "greeting": r"(hi|hello|hey|good (morning|afternoon|evening|day))( there| pincite| everyone)?|"
    r"how are you( doing)?( today)?|nice to meet you|what's up",
    "thanks": r"(ok(ay)?,? )?(many )?(thanks|thank you|thx|cheers)( a lot| very much| so much)?"
    r"(,? (for|that|this|it)(?!.*\b(what|who|when|where|why|which|how|but)\b) [^?]{1,40})?",
    "nod": r"ok(ay)?|great|good|fine|i see|got it|all right|(good)?bye|good ?night|see you( later)?|perfect|"
    r"(that's|that is|this is) (all|great|good|perfect|helpful)|never mind|(yes|no)( please| thanks| thank you)?",
    "help": r"help|(what|how) (can|could|do) you (do|help)( me)?|who are you|what are you|what is (this|pincite)|"
    r"how does (this|it|pincite) work|what can i (ask|do)( you| here)?",
    "documents": r"(which|what|list|show)( me)?( all)?( the| your| of the)? (documents|files|sources|texts)"
    r"( do you have| do you know| are (there|here)| have you got| can i ask)?( here)?",
}
# What a message may ask to be done, rather than ask: nothing here is written, changed or sent.
_COMMAND = re.compile(
    r"(?:please |can you |could you )?(?:"
    r"(?:delete|erase|remove) (?:all|everything|it|this|that|these|my|the documents?)|(?:delete|erase|rename) the |"
    r"calculate |compute |remind me |set an? (?:alarm|timer|reminder)|translate .+ (?:in)?to \w+|"
    r"(?:rewrite|rephrase|draft|compose) |(?:send|forward) (?:an?|it|this|me|him|her|them|the) |"
    r"(?:write|generate|make) (?:me )?(?:an? |the |some )?(?:poem|story|song|e?-?mail|letter|essay|code|reply|image)\b)"
)
_REPLIES = {
    "command": "Nothing is written, translated, calculated or changed here; documents are only quoted. "
    "Ask what they say.",
    "thanks": "You are welcome.",
    "nod": "All right. Ask on whenever you like.",
    "more": "More of what? Ask a question first.",
}
_LISTED = 10  # titles named in a reply


def small_talk(message: str) -> str:
    """Return what kind of talk a message is that no document answers, "" for a question."""
    said = " ".join(message.lower().replace("’", "'").split()).strip(" .!?,;:)")
    command = "command" if _COMMAND.match(said) and not message.rstrip().endswith("?") else ""
    return next((kind for kind, pattern in _SMALL_TALK.items() if re.fullmatch(pattern, said)), command)


def reply_to(kind: str, titles: Sequence[str]) -> str:
    """Return what to say to a kind of small talk, or to "more" of nothing. titles: of the documents to ask."""
    count = f"{len(titles)} document{'s' if len(titles) != 1 else ''}"
    listed = "; ".join(titles[:_LISTED]) + (f"; and {len(titles) - _LISTED} more" if len(titles) > _LISTED else "")
    if kind == "documents":
        verb = "is" if len(titles) == 1 else "are"
        return f"There {verb} {count} to ask: {listed}." if titles else "There are no documents yet; add some first."
    if kind in _REPLIES:
        return _REPLIES[kind]
    about = f"Ask a question, and the answer is quoted from {count}, word for word, each quote with its exact place."
    return f"Hello. {about}" if kind == "greeting" else f"{about} What they do not say is not made up."
