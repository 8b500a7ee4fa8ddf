"""The page, and what it serves to programs."""

from ui.web.app import launch, serve
from ui.web.service import Service, open_library

__all__ = ["Service", "launch", "open_library", "serve"]
