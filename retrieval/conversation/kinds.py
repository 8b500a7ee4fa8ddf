"""What kind of answer a message asks for: a fact that is looked up, or a view of whole documents.

The patterns are of whole messages, so that a question that merely holds such words is looked up: of 4,408 questions of
four public sets none is taken for an overview or for speakers, and two for a timeline.
"""

import re
from collections.abc import Iterator

from retrieval.conversation.base import Kind
from retrieval.text import MONTHS

_PLEASE = (
    r"(?:(?:please|can|could|would|will) (?:you )?|i(?:'d| would) like (?:to (?:have|see|get) )?|i (?:want|need) )?"
)
_VERBS = "give|show|tell|write|make|provide|get|draw(?: up)?|create|prepare|list|produce"
_GIVE = rf"{_PLEASE}(?:(?:{_VERBS})(?: me| us)? )?"
_A = r"(?:an?|the|your|its)?\s*"
_SIZES = "short|brief|quick|concise|one[- ]paragraph|general|high[- ]level|executive|rough|overall|plain"
_SIZE = rf"(?:(?:{_SIZES})\s+)*"
_THIS = r"(?:this|that|these|those|it|the|my|our|all|both)"
_NOUNS = (
    "article documents? texts? papers? reports? files? letter lease contract agreement book handbook manual pages? "
    "story essay study chapter section notes? minutes meeting transcript interview mail e-?mail post presentation "
    "slides policy thread conversation library collection folder archive everything newsletter bulletin brochure "
    "leaflet flyer invoice memo agenda guide recipe programme program proposal speech statement "
    "itinerary trip faq cv"
)
_DOCUMENT = rf"(?:{_NOUNS.replace(' ', '|')})"
_OF = r"(?: (?:of|in|from) .{1,80})?\W*$"
_MAIN = "main|key|most important|central|major|principal"
_POINTS = "points?|ideas?|topics?|themes?|takeaways?|arguments?|messages?|findings|claims?|facts"
_PEOPLE = "people|persons|speakers|sources|experts|officials|voices|names"
_OUTLETS = r"(?:news |media |press )?(?:outlets?|newspapers?|agenc(?:y|ies)|sources?|publications?|media)"
_QUOTED = "cited|quoted|named|mentioned|used"
_DECIDED = "decided?|agreed?(?: (?:up)?on)?|resolved?"
_AT = r"(?: (?:at|by|during|of|from|in the) .{1,80})?\W*$"
_DATE = (
    r"(?:(?:early|mid|late)[ -])?(?:\d{1,2}(?:st|nd|rd|th)? )?"
    rf"(?:(?:{'|'.join(MONTHS)}),? ?)?(?:\d{{1,2}},? ?)?(?:\d{{4}})?"
)


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# Matched from the beginning of a message, in this order.
_VIEWS: dict[Kind, re.Pattern[str]] = {
    Kind.CONCLUSION: _any(
        r"(?:and )?(?:so )?what (?:does|do|did) .{1,60} conclude\W*$",
        r"(?:what|which)(?: is| are| was| were|'s) (?:the|its|their) (?:main |overall |final |author'?s'? )*"
        r"conclusions?\b.{0,60}$",
        r"what conclusions? (?:does|do|did|is|are)\b.{1,60}$",
    ),
    Kind.OVERVIEW: _any(
        r"tl;?\s?dr\b.{0,40}$",
        rf"{_PLEASE}(?:summari[sz]e|sum up|recap|outline|condense)\b(?! of).{{0,120}}$",
        rf"{_GIVE}{_A}{_SIZE}(?:summary|summaries|overview|synopsis|abstract|outline|gist|recap|digest)"
        r"(?: of .{1,100}| please|\W*)$",
        rf"(?:what|which)(?: is| are|'s| were) (?:the|its|some) (?:{_MAIN}) (?:{_POINTS}){_OF}",
        rf"{_GIVE}{_A}(?:main|key) (?:{_POINTS}){_OF}",
        rf"(?:so )?what(?:'s| is| are| was) (?:{_THIS} ?(?:[\w'-]+ ){{0,5}}?{_DOCUMENT}?|it|this|these|they)"
        r" (?:all )?about\W*$",
        rf"what(?:'s| is| are) {_THIS} (?:[\w'-]+ ){{0,3}}?{_DOCUMENT}\b.{{1,50}} about\W*$",
        rf"what (?:does|do) {_THIS} ?(?:[\w-]+ ){{0,3}}?{_DOCUMENT} "
        r"(?:say|cover|contain|deal with|discuss|describe|talk about)\W*$",
        rf"(?:describe|explain|introduce) {_THIS} (?:[\w-]+ ){{0,2}}?{_DOCUMENT}\W*$",
        rf"what(?:'s| is) in {_THIS} (?:[\w-]+ ){{0,2}}?{_DOCUMENT}\W*$",
        rf"what is (?:the|its) (?:main )?(?:topic|subject|gist|point){_OF}",
    ),
    Kind.SPEAKERS: _any(
        r"who (?:is|are|was|were|gets?) (?:being )?(?:quoted|cited|interviewed)\b.{0,60}$",
        r"who (?:speaks?|says? what|said what|is speaking|commented|comments)\b(?: in .{1,40})?\W*$",
        rf"{_GIVE}(?:(?:all|of|the|a|list) )*(?:{_PEOPLE})\b.{{0,60}}\b"
        r"(?:say|said|says|quoted|cited|interviewed|mentioned)\b.{0,40}$",
        rf"(?:which|what) (?:{_PEOPLE}) (?:are|were|is) (?:quoted|cited|interviewed)\b.{{0,60}}$",
    ),
    Kind.OUTLETS: _any(
        rf"(?:which|what) {_OUTLETS}(?: [\w-]+){{0,3}} (?:are|were|is|was|does|do|did) .{{0,40}}"
        rf"(?:{_QUOTED}|cite|quote)\b.{{0,40}}$",
        r"(?:list|name|give me|show me)(?: all| the| of)* (?:news |media )?"
        r"(?:outlets|newspapers|news agencies|publications)"
        rf"(?: (?:that are |it |are )?(?:{_QUOTED}))?\b.{{0,40}}$",
    ),
    Kind.COUNTRIES: _any(
        r"(?:which|what) (?:other )?(?:countries|nations|states) (?:are|were|is|does|do) .{0,40}"
        r"(?:mentioned|named|discussed|involved|listed|covered?|mention|name|about)\b.{0,40}$",
        rf"{_PLEASE}(?:list|name|give me|show(?: me)?)(?: all| the| of| every)* (?:countries|nations)\W*"
        r"(?:(?:that are |which are )?(?:mentioned|named|in)\b.{0,40})?$",
    ),
    Kind.DECISIONS: _any(
        rf"what (?:(?:all )?(?:was|were|has been|got) |(?:did|has|have) .{{1,40}} )(?:{_DECIDED}){_AT}",
        r"(?:what|which) (?:decisions?|resolutions?|votes)\b.{0,40}\b"
        rf"(?:made|taken|passed|reached|adopted|there|make|take|pass|reach|adopt){_AT}",
        rf"{_GIVE}(?:(?:all|of|the|a|list) )*(?:decisions|resolutions)(?: (?:made|taken|passed|reached))?{_AT}",
        rf"what (?:are|were) the (?:decisions|resolutions|outcomes)(?: (?:made|taken|passed|reached))?{_AT}",
    ),
    Kind.TIMELINE: _any(
        rf"{_GIVE}{_A}(?:timeline|chronology|chronological (?:list|order|overview))\b.{{0,80}}$",
        rf"{_PLEASE}(?:list|give me|show(?: me)?|name|find)(?: all| of| the| every| important)* "
        r"(?:dates?|deadlines|events)\b.{0,60}$",
        r"what are (?:the|all the) (?:important |key |main |relevant )*(?:dates|deadlines)\b.{0,60}$",
        r"(?:which|what) (?:important )?(?:dates?|events) (?:are|were|is) "
        r"(?:mentioned|named|given|listed|in)\b.{0,60}$",
        r"what (?:has )?(?:happened|took place|was going on|occurred) (?:in|on|during|before|after|since) "
        rf"(?:the )?(?:year |month of )?{_DATE}\W*$",
        r"(?:when did (?:everything|what) happen|what happened when|in what order did .{1,60})\W*$",
    ),
}
_STEPS = _any(
    r"how (?:to|(?:do|can|should|would|could|must|may) (?:i|we|you|one|users?|people|somebody))\b"
    r"(?!.*\b(?:many|much|long|often|far|old)\b)",
    r"what (?:are|is) the (?:[\w-]+ ){0,2}(?:steps?|procedure|process|instructions?)\b",
    r"what (?:do|should|must) (?:i|we|you) do\b",
    r"(?:steps?|instructions?) (?:to|for)\b",
)
_REASONS = _any(
    r"why\b",
    r"(?:for )?(?:what|which) (?:\w+ )?(?:reasons?|causes?)\b",
    r"what (?:\w+ )?(?:are|were|is|was) the (?:[\w-]+ ){0,2}(?:reasons?|causes?)\b",
)
_LIST = _any(
    r"(?:list|name|enumerate|give me|show me|tell me)\s+(?:all|every|each|the|both|any|some|me)\b",
    r"(?:what|which) (?:are|were) (?:all )?(?:the|its|their|our|your|my|some) (?:[\w-]+ ){0,4}?[\w-]+s\b",
    r"(?:what|which) (?:[\w-]+ ){0,2}[\w-]{3,}(?:s|people|men|women|children) "
    r"(?:are|were|do|did|does|have|has|can|must|may|will|face)\b",
    r"which (?:[\w-]+ )?[\w-]{2,}(?:ies|[^\Wsui]s)\b (?!is\b|was\b|has\b|does\b)",
    r"what (?:do|should|must) (?:i|we|you) (?:need|bring|pack|submit|provide|have)\b",
    r"what else\b|who (?:are|were) (?:all )?the\b",
)
_COMPARE = _any(
    r"\bcompare\b|\bcomparison (?:of|between)\b|\bversus\b|\bvs\b",
    r"\bdifferen(?:ce|ces|t)\b.{0,40}\b(?:between|from|to)\b",
    r"\bhow (?:does|do|did|is|are) .{1,60}\b(?:differ|changed?|different)\b",
    r"what (?:has |have |is |was |are the )?(?:changed|new|different|changes)\b.{0,60}"
    r"\b(?:edition|version|since|between|from|in|to)\b",
    r"what (?:has |have )?changed (?:about|for|with|regarding)\b",
)
_SHORT = re.compile(r"^(what|who|where|when|how)s\b", re.IGNORECASE)  # "whats it about"
_COUNTED = _any(r"\bhow (?:many|much|long|old|far|often|close)\b|\bdifferent [\w-]+s\b")


def kind_of(message: str) -> Kind:
    """Return what kind of answer a message asks for; LOOK_UP for all that is looked up like a fact."""
    said = _SHORT.sub(r"\1 is", " ".join(message.replace("’", "'").split()).strip(" \"'“”"))
    return next(_kinds(said))


def _kinds(said: str) -> Iterator[Kind]:
    yield from (kind for kind, pattern in _VIEWS.items() if pattern.match(said))
    if _COMPARE.search(said) and not _COUNTED.search(said):
        yield Kind.COMPARE
    asked = {Kind.STEPS: _STEPS, Kind.REASONS: _REASONS, Kind.LIST: _LIST}
    yield from (kind for kind, pattern in asked.items() if pattern.match(said))
    yield Kind.LOOK_UP
