"""Several libraries behind one page: which there are, by name, and the service of each."""

from ui.web.libraries.opened import Libraries
from ui.web.libraries.shelf import Shelf

__all__ = ["Libraries", "Shelf"]
