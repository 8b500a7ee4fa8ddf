"""Encoders that count, dawdle, or fail; and what other processes import of them."""

import time
from pathlib import Path

from fakes import HashedEncoder


class CountingEncoder(HashedEncoder):
    """Counts the passages that it encodes."""

    encoded = 0

    def encode_passages(self, passages, titles):
        self.encoded += len(passages)
        return super().encode_passages(passages, titles)


class SlowEncoder(HashedEncoder):
    """Takes its time, without using the processor, and leaves a file named by the node that it runs on."""

    def __init__(self, seen):
        super().__init__()
        self.seen = Path(seen)

    def encode_passages(self, passages, titles):
        import ray

        (self.seen / ray.get_runtime_context().get_node_id()).touch()
        time.sleep(0.4)
        return super().encode_passages(passages, titles)


class Wanting(HashedEncoder):
    """Has one fingerprint here and another where it is sent, and cannot encode some texts."""

    def __init__(self, elsewhere="hashed-words"):
        super().__init__()
        self.elsewhere = elsewhere

    def __setstate__(self, state):
        self.__dict__ = state | {"fingerprint": state["elsewhere"]}

    def encode_passages(self, passages, titles):
        if any("unspeakable" in passage.text for passage in passages):
            raise ValueError("unspeakable")
        return super().encode_passages(passages, titles)
