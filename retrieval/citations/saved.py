"""Answers that were written as JSON become citations again."""

import json
from collections.abc import Mapping
from typing import Any

from retrieval.records import Citation

_TYPES: dict[str, Any] = {"marker": int, "start": int, "end": int, "source": (str, type(None))}
_TYPES |= dict.fromkeys(("speaker_span", "reported_span"), (tuple, type(None)))
_TYPES |= dict.fromkeys(("answer_start", "answer_end"), (int, type(None)))


def read_citations(content: str | bytes) -> list[Citation]:
    """Read the citations of one answer, a list of answers or {"answers": [...]}; ValueError says what is wrong."""
    try:
        record = json.loads(content)
        answers = record.get("answers", [record]) if isinstance(record, dict) else record
        return [read_citation(each) for answer in answers for each in answer["citations"]]
    except KeyError as error:
        raise ValueError(f"there is no {error}") from error
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def read_citation(record: Mapping[str, Any]) -> Citation:
    """Make a citation of a JSON object; KeyError or TypeError names the field that is not as expected."""
    made = Citation.from_dict(record)
    for name in Citation.__dataclass_fields__:
        if not isinstance(getattr(made, name), _TYPES.get(name, str)):
            raise TypeError(f"{name} is {getattr(made, name)!r}")
    return made
