"""Patterns of how English news says who says something.

Each finds a name in a group that begins with "name"; a group "lead" with the same number holds what goes before it.
They run over text whose quotations are blanked out.
"""

import re

from retrieval.text import MONTHS, VERBS_OF_SAYING, WEEKDAYS

_UPPER = "".join(filter(str.isupper, map(chr, range(0x530))))  # Latin, Greek, Cyrillic
_THINKS = "(?:believe[sd]|doubt(?:s|ed)|thinks|thought|fear(?:s|ed)|hope[sd]|expect(?:s|ed)|assume[sd])"
_JUDGED = (  # a verdict that is theirs: "dismissed the report as", "accused them of", "called it “…”"
    r"(?:(?:dismissed|rejected|described|denounced|condemned|branded|hailed|characteri[sz]ed)\b[^.;:“]{1,80}?\sas\b"
    r"|(?:accused|accuses)\b[^.;:“]{1,80}?\sof\b|(?:called|calls|labell?ed|termed|likened)\b[^.;:“]{1,60}?“)"
)
_SAYING = "confirming adding saying claiming stating arguing warning insisting alleging declaring explaining"
_VERB = f"(?:{'|'.join(VERBS_OF_SAYING)})"
_INVITED = f"(?:{_VERB}|urged|asked|summed|summari[sz]ed|put)"  # what may lead up to `: “`
_ADVERBS = r"(?:\s(?:also|later|then|again|once|has|had|recently|publicly|repeatedly|famously|further|immediately))*"
_TITLE = r"(?:Mr|Mrs|Ms|Dr|Gen|Sen|Lt|Col|Prof|Gov|Rep|St|Jr|Sr)\."
_CAP = rf"(?:{_TITLE}|(?:[{_UPPER}]\.)+|[{_UPPER}](?![\w.])|[{_UPPER}](?:[\w&]|[’'-](?=\w))+)"
_NAME = rf"(?:{_CAP}(?:\s(?:(?:of|for|and|the|de|von|van|der|la|le|del|da|bin|ibn|al)\s){{0,2}}{_CAP}){{0,7}})(?!\w)"
FULL_NAME = rf"(?:{_CAP}(?:\s(?:de|von|van|der|la|del|da|bin|ibn|al))?(?:\s{_CAP}){{1,4}})(?!\w)"
BREAKS = (
    "about after against among and at because before between by during for from if in into like of on or over since "
    "than that though to under unless unlike until when where whereas whether which who whom whose with without"
)
_BREAK = rf"(?:{'|'.join(BREAKS.split())})"
_LEADING = rf"(?:(?!{_BREAK}\b)[\w’'-]+\s){{0,5}}?"  # up to a name, in its own phrase
_TWO_CAPS = r"[A-Z][\w’-]+\s[A-Z][\w’-]+"
_WHEN = r"(?:\s(?:on|in|at|during|last|this|yesterday|today)\b[^.,;:“]{0,60})?"
_BESIDE = rf"(?:,\s(?:an?|the|former|then|who|chief|head|now|\w+\sof)\b(?:(?!,\s{_TWO_CAPS},)[^;:.“”]){{1,120}},)?"
_WHAT = rf"""(?:
    {_VERB}(?:,[^,;:“”]{{1,60}},|\s(?:in|on|at|during|to|from|before)\s[^.;:“”]{{1,60}}?)?\sthat\b
    | (?:told|tells)\s[^.;:“”]{{1,40}}?\sthat\b
    | (?:said|says)\s(?:it|he|she|they|there|his|her|their|its|the)\b
    | (?:points|pointed)\sout\sthat\b | demand(?:s|ed)\sthat\b | {_JUDGED}
    | (?:was|is|were)\squoted\b[^.;:]{{0,60}}?\bas\ssaying\b
    | {_VERB}(?:,\s\w+ing)?[,:]\s?“
    | {_INVITED}\b[^;:]{{1,300}}:\s?“
    | \w+ed\s[^;:“”]{{1,160}},\s(?:{"|".join(_SAYING.split())})\sthat\b
)"""
FORWARD = re.compile(  # the speaker goes before the verb: "The chief, Ann Lee, said that", "”, Ann Lee said"
    rf"(?:^|[,;:—–]\s|”,?\s)(?P<lead>{_LEADING})(?P<name>{_NAME}){_BESIDE}{_ADVERBS}\s{_WHAT}"
    rf"|”,?\s(?P<lead2>{_LEADING})(?P<name2>{_NAME}){_BESIDE}{_ADVERBS}\s{_VERB}\b"
    rf"|,\s(?P<name3>{FULL_NAME}),{_ADVERBS}\s{_WHAT}"
    rf"|”,?\s[^.;:“”]{{1,120}}?,\s(?P<name4>{FULL_NAME}),{_ADVERBS}\s{_VERB}\b"
    rf"|^(?!{_BREAK}\b)(?:[^\s,]+\s){{3,}}[^,“”]*,\s(?P<lead5>{_LEADING})(?P<name5>{_NAME}){_ADVERBS}\s{_VERB}{_WHEN}\.?$"
    rf"|^(?P<lead8>{_LEADING})(?P<name8>{_NAME}){_BESIDE}{_ADVERBS}\s{_THINKS}\sthat\b"
    rf"|^(?P<lead9>{_LEADING})(?P<name9>{FULL_NAME})\s[a-z][^,;:“”]{{0,60}}:\s?“"
    rf"|^It\swas\s(?P<name6>{FULL_NAME})\swho\s[^.;:“”]{{0,30}}?{_WHAT}"
    rf"|\b(?:report|study|survey|statement|paper|analysis)\s(?:by|from)\s(?P<lead7>(?:the\s)?)(?P<name7>{_NAME})\s{_WHAT}",
    re.VERBOSE,
)
_END = r"(?=\s*[,.;:(—–“]|\s*$|\s(?:in|on|at|during|to|last|this|from|as|after|before)\b)"
_UTTERED = rf"(?!tell|told){_VERB}"
BACKWARD = re.compile(  # "”, said the minister Ann Lee", "” said the head of it, Ann Lee", ", claimed Ann Lee."
    rf"”,?\s{_UTTERED}\s(?P<lead>{_LEADING})(?P<name>{_NAME}){_END}"
    rf"|”,?\s{_UTTERED}\s(?:the|an?)\s[^.;:“”]{{1,120}}?,\s(?P<name2>{FULL_NAME})(?=\s*[.,(]|\s*$)"
    rf"|,\s{_UTTERED}\s(?P<lead3>{_LEADING})(?P<name3>{FULL_NAME})(?=\s*[.(]|\s*$)"
    rf"|^“[^“”]*”,?\s\w+ed\s(?P<lead6>{_LEADING})(?P<name6>{FULL_NAME}){_END}"
    rf"|,\s{_UTTERED}\s(?P<lead7>{_LEADING})(?P<name7>{FULL_NAME}),\s[a-z]"
    rf"|^(?i:{_UTTERED})\s(?P<lead4>{_LEADING})(?P<name4>{FULL_NAME}):\s?“"
    rf"|\b(?:quoted|cited|quotes|cites)\s(?P<lead5>{_LEADING})(?P<name5>{_NAME})\sas\s(?:{'|'.join(_SAYING.split())})\b"
)
OPINION = re.compile(  # "As Ann Lee sees it,", "For the poet Ann Lee, it is “late”", "Speaking to TASS, Ann Lee put it"
    rf"^As\s(?P<lead>{_LEADING})(?P<name>{FULL_NAME})(?:\sof\s[^,.;:]{{1,40}})?\s(?:sees|saw|puts|put|tells|told)\sit,"
    rf"|^For\s(?P<lead2>{_LEADING})(?P<name2>{FULL_NAME}),\s[^.;:]*“"
    rf"|^(?:Speaking|Talking|Writing|In\san?\s(?:recent\s)?interview)\s[^,;:“”]{{1,80}},\s"
    rf"(?:(?P<lead3>{_LEADING})(?P<name3>{_NAME})\s[a-z]|[^.;:“”]{{1,80}}?,\s(?P<name4>{FULL_NAME}),\s[a-z])"
)
ACCORDING = re.compile(
    rf"\b[Aa]ccording\sto\s(?:(?P<lead>{_LEADING})(?P<name>{_NAME})(?=\s*[,.;(]|\s*$)"
    rf"|(?:the|an?)\s[^,.;:“”]{{1,80}},\s(?P<name2>{FULL_NAME})(?=\s*[,.;]|\s*$))"
)
PRONOUN = re.compile(
    rf"^(?:But\s|And\s)?(?:He|She){_ADVERBS}\s{_WHAT}|”,?\s(?:he|she){_ADVERBS}\s{_VERB}\b", re.VERBOSE
)
OPENERS = frozenset("the but as while however meanwhile later then yet so still thus today yesterday".split())
QUANTIFIERS = frozenset("every many none one two three four five several another neither either most".split())
ROLE = re.compile(
    r"(?!(?:after|ever|never|however|over|under|other|later|for|nor)$)(?:[a-z-]*(?:er|or|ist|man|woman|person|ident|ian|head|"
    r"chief|ally|aide|critic|analyst|king|queen|official|secretary|expert|pope|economist|general|agency|newspaper|deputy|poet|"
    r"judge|nurse|guard|coach|pilot|priest|monk|spy|envoy|captain|attorney|host|star|boss|academic|student|delegate|diplomat|"
    r"cleric|candidate|chair|son|daughter|husband|wife))$"
)
# A law "states that", nobody says it; months and days begin dates; a crowd has no name.
NOT_SPEAKERS = re.compile(
    r"(?:Law|Theorem|Theory|Principle|Hypothesis|Act|Article|Section|Conjecture|Amendment|Treaty|Constitution|Clause|Rule|"
    rf"Legend|Tradition|{'|'.join(WEEKDAYS + MONTHS)})s?$"
)
GROUP = re.compile(r"\b(?:and|Ministry|Council|Committee|Agency|University|Party|House|Office|Bank|Union|Staff)\b")
_MONTH = f"(?:{'|'.join(month[:3] for month in MONTHS)})[a-z]{{0,6}}"
_DATE = rf"(?:{_MONTH}\.?\s\d{{1,2}}|\d{{1,2}}\s{_MONTH})(?:,?\s\d{{4}})?"
_OUTLET = rf"(?:The\s)?[{_UPPER}][\w’'.&-]*(?:[\s,][\s]?[{_UPPER}\d][\w’'.&-]*|\s(?:of|and|the|de)){{0,6}}?"
REPORTED = re.compile(
    rf"\((?:(?P<credit>Source:\s)(?P<name>{_OUTLET}(?:,\s{_DATE})?)|(?P<dated>{_OUTLET},\s{_DATE}(?:;\s{_OUTLET},\s{_DATE})?))"
    r"\)[.”\"]?\s*$"
)
PRESS = re.compile(r"\b(?:[A-Z]{2,}|News|Post|Times|Daily|Press|Today|Herald|Novosti|Reuters|Agency)\b|\.[a-z]{2,3}\b")
KNOWN_PRESS = re.compile(
    r"\b(?:News|Post|Times|Daily|Press|Courier|Chronicle|Observer|Inquirer|Dispatch|Examiner|Bulletin|Sentinel|Herald|Gazette|Tribune|Telegraph|Guardian|Journal|Magazine|Television|TV|Radio|"
    r"Novosti|Reuters|Interfax|Xinhua|Bloomberg|Kyodo|Yonhap|Anadolu|Al\sJazeera|Monde|Figaro|Spiegel|Zeitung|País|"
    r"BBC|CNN|AFP|AP|TASS|KCNA|RT|NPR|ABC|NBC|CBS|NHK)\b"
)
_KIND = r"daily|newspaper|weekly|magazine|radio|television|broadcaster|channel|website"
QUOTED_BY = re.compile(
    rf"\b(?:quoted\sby\s(?:[Tt]he\s)?(?P<name>{_NAME})\sas\b|as\ssaying\sby\s(?:[Tt]he\s)?(?P<name2>{_NAME}))"
)
TOLD = re.compile(  # "told the Oslo Courier daily", "Speaking on Radio Oslo", "TASS cited a guard as saying"
    r"\b(?:told|tells|[Ss]peaking\s(?:to|on|with)|[Tt]alking\sto|[Ww]riting\sin|interview\s(?:with|to|for|on)|(?:report|article|investigation|survey|story)\s(?:by|in|from))\s(?:[Tt]he\s)?"
    rf"(?P<name>{_NAME})(?P<kind>\s(?:{_KIND})\b)?|\b(?P<name2>{_NAME})\s(?:cited|quoted)\s[^.;:“”]{{1,80}}\sas\ssaying\b"
)
TITLED = re.compile(
    r"\b(?:Mrs?|Ms|Dr|Prof|President|Chancellor|Premier|Minister|Secretary|Mayor|Governor|Senator|Judge|Justice|General|"
    r"Colonel|Captain|Admiral|Professor|Ambassador|King|Queen|Prince|Princess|Pope|Cardinal|Bishop|Archbishop|Sheikh)\b"
)
SPEECH = re.compile(rf"“|\b(?:{_VERB[3:-1]}|{'|'.join(_SAYING.split())})\b")
