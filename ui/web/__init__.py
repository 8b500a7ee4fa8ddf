"""The page, and what it serves to programs."""

from ui.web.app import launch, serve
from ui.web.libraries import Libraries, Shelf
from ui.web.service import Service, open_library

__all__ = ["Libraries", "Service", "Shelf", "launch", "open_library", "serve"]
