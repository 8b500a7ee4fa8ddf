"""What people add on the page: files that they send, texts that they paste, pages of the web that they name."""

from ui.web.adding.fetching import fetch
from ui.web.adding.uploads import Uploads

__all__ = ["Uploads", "fetch"]
