"""The name of a library becomes the backend that keeps it."""

import re
from pathlib import Path

from retrieval.files import absolute
from retrieval.settings import Settings
from retrieval.storage.base import Backend
from retrieval.storage.local.backend import LocalBackend


def open_backend(name: str, settings: Settings, create: bool) -> tuple[Path, Backend]:
    """Return a library's folder on this machine, and where it is kept: there, or on a server at milvus://….

    create: make it where there is none. LibraryError where it cannot be opened; see LocalBackend and MilvusBackend.
    """
    if not name.startswith("milvus:"):
        folder = absolute(name)
        return folder, LocalBackend(folder, create, settings.versions_bytes)
    # Few need it, and pymilvus takes a second to import.
    from retrieval.storage.milvus.backend import MilvusBackend
    from retrieval.storage.milvus.client import Address, Client

    client = Client(Address.of(name), settings)
    return settings.cache / re.sub(r"\W+", "-", client.name), MilvusBackend(client, create)
