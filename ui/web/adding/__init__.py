"""What people add on the page: files that they send, pages of the web that they name, a folder that is watched."""

from ui.web.adding.fetching import fetch
from ui.web.adding.uploads import Uploads
from ui.web.adding.watching import Watched

__all__ = ["Uploads", "Watched", "fetch"]
