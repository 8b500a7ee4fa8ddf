"""Who may use the page: users and tokens, passwords and cookies, and proxies that say who asks."""

from ui.server.auth.accounts import Accounts
from ui.server.auth.login import Credentials, credentials
from ui.server.auth.proxy import Proxy, trusted, with_peer
from ui.server.auth.routes import is_encrypted, login_routes, refusal

__all__ = [
    "Accounts",
    "Credentials",
    "Proxy",
    "credentials",
    "is_encrypted",
    "login_routes",
    "refusal",
    "trusted",
    "with_peer",
]
