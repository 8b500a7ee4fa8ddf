"""A page that is served in this process, and calls as its scripts make them. Named as plugin by tests of it."""

import httpx
import pytest
from articles import SEED

from retrieval import Document, Library, Settings
from ui.web import Service, launch


@pytest.fixture(scope="module")
def served(encoder, tmp_path_factory):
    with Library(tmp_path_factory.mktemp("served"), Settings(max_file_bytes=2**20), encoder=encoder) as library:
        library.add([SEED, Document("tea", "Tea", "Green tea is made from leaves that are heated soon after picking.")])
        yield library


@pytest.fixture(scope="module")
def address(served):
    blocks, address = launch(Service(served), mcp=True)
    yield address
    blocks.close(verbose=False)


def send(address, name, content):
    data = {"component_id": component(address), "session_hash": "s", "fn_name": "upload"}
    return httpx.post(f"{address}gradio_api/component_server/", data=data, files={"file": (name, content)})


def component(address) -> int:
    components = httpx.get(f"{address}config").json()["components"]
    return next(each["id"] for each in components if each["props"].get("elem_id") == "pincite")


def call(address, name, given):
    body = {"component_id": component(address), "session_hash": "s", "fn_name": name, "data": given}
    return httpx.post(f"{address}gradio_api/component_server/", json=body)
