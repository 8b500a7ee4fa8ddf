"""What stands around the page: who may use it, whether it is ready, what it tells of itself."""

from ui.server.auth import Accounts, Credentials, credentials, login_routes, trusted, with_peer
from ui.server.connections import bounded
from ui.server.kept import Conversation, Conversations, Note, Notebook, person
from ui.server.logs import adopt, as_json
from ui.server.metrics import Watch
from ui.server.probes import probe_routes
from ui.server.readiness import Readiness
from ui.server.security import Guard, is_loopback, require_password

__all__ = [
    "Accounts",
    "Conversation",
    "Conversations",
    "Credentials",
    "Guard",
    "Note",
    "Notebook",
    "Readiness",
    "Watch",
    "adopt",
    "as_json",
    "bounded",
    "credentials",
    "is_loopback",
    "login_routes",
    "person",
    "probe_routes",
    "require_password",
    "trusted",
    "with_peer",
]
