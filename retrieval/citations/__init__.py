"""What is done with a citation afterwards: compare it with its source, write it in a style, show its page."""

from retrieval.citations.page_images import Pages, PrintedPage
from retrieval.citations.styles import export

__all__ = ["Pages", "PrintedPage", "export"]
