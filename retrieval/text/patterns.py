"""Patterns that several stages read text by: numbers, months, days, names, question words and verbs of saying."""

NUMBER = r"\d+(?:[.,]\d+)*"  # as written: "2,000", "3.5"
NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundreds? thousands? millions? billions? "
    "dozens? half third quarter several many few couple no none single both twice once percent"
).split()
MONTHS = "January February March April May June July August September October November December".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
YEAR = r"(?:19|20)\d\d"
QUESTION_WORD = r"(?:who|whom|whose|what|when|where|why|which|how)\b"
PROPER_NAME = r"\b[A-Z][\w’'-]*(?: (?:(?:of|de|al|bin|van|von) )?[A-Z][\w’'-]*)*"
VERBS_OF_SAYING = (
    "said says stated states claimed claims declared declares argued argues alleged alleges announced announces added "
    "adds warned warns insisted insists explained explains confirmed confirms denied denies predicted predicts noted "
    "notes stressed stresses emphasi[sz]ed emphasi[sz]es wrote writes reported reports remarked commented asserted "
    "asserts contended contends maintained maintains suggested suggests concluded concludes replied responded "
    "acknowledged acknowledges admitted admits conceded recalled revealed testified complained proclaimed promised "
    "continued told tells observed observes counter(?:ed|s) caution(?:ed|s) lament(?:ed|s) shouted estimate[sd] "
    "remind(?:ed|s) recounted vowed pledged cried whispered joked"
).split()
