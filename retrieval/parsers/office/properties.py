"""What Office files state about themselves. Knows nothing about their text."""

from typing import Any


def stated(document: Any) -> tuple[str, dict[str, Any]]:
    """Return the title and the fields of a Word document or a presentation; none where they are damaged.

    document: of python-docx or python-pptx. A date that is empty, say, must not keep the text out.
    """
    try:
        own = document.core_properties
        fields = {"author": own.author, "date": own.modified or own.created, "language": own.language}
        return str(own.title or ""), fields
    except (AttributeError, LookupError, TypeError, ValueError):
        return "", {}
