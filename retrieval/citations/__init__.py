"""What is done with a citation afterwards: comparing it with its source, reading it back, styles, printed pages."""

from retrieval.citations.page_images import Pages, PrintedPage
from retrieval.citations.saved import read_citation, read_citations
from retrieval.citations.styles import export
from retrieval.citations.verify import changed_words

__all__ = ["Pages", "PrintedPage", "changed_words", "export", "read_citation", "read_citations"]
