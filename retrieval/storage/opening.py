"""The name of a library becomes the backend that keeps it. Knows nothing about what it holds."""

import re
from pathlib import Path

from retrieval.settings import Settings
from retrieval.storage.base import Backend
from retrieval.storage.local.backend import Embedded


def open_backend(name: str, settings: Settings, create: bool) -> tuple[Path, Backend]:
    """Return a library's folder on this machine, and where it is kept: there, or on a server at milvus://….

    create: make it where there is none. LibraryError where it cannot be opened; see Embedded and Milvus.
    """
    if not name.startswith("milvus:"):
        folder = Path(name).expanduser().absolute()
        return folder, Embedded(folder, create)
    from retrieval.storage.milvus.backend import Milvus  # few need it, and pymilvus takes a second to import

    server = Milvus(name, settings, create)
    return settings.cache / re.sub(r"\W+", "-", server.name), server
