"""Opens tokenizers: they neither pad nor truncate, and work in a process that was forked from one that used them."""

import os
from pathlib import Path
from typing import Any

# Their threads are not there after a fork, and a child that asks them waits for ever.
os.register_at_fork(after_in_child=lambda: os.environ.update(TOKENIZERS_PARALLELISM="false"))


def open_tokenizer(path: Path) -> Any:
    """Return the `tokenizers.Tokenizer` of a tokenizer.json."""
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
