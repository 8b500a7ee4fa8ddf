"""Settings, frozen; the one place that reads the environment. Knows nothing about who uses them."""

import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.errors import ArgumentError, check_number, check_text, check_whole, wrong

PACKAGE_FOLDER = Path(__file__).resolve().parent
PRECISIONS = ("float32", "int8")


def _default_cache() -> Path:
    """Where people expect caches; a private temporary folder where there is no home."""
    try:
        return Path.home() / ".cache" / "pincite"
    except RuntimeError:  # no HOME and no passwd entry
        return Path(tempfile.gettempdir()) / f"pincite-{os.getuid()}"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a library reads, encodes and answers.

    model: "" for the packaged all-MiniLM-L6-v2 (English), "multilingual" for the weights of pincite[languages], else a
        sentence-transformers folder or model id.
    reader: the model that reads: "" for the packaged one (English, so none beside another model), "none" for none, else
        a folder or model id of a CrossEncoder of sentence-transformers, or of a question-answering model.
    cache: folder for the exported model and the default library; safe to delete.
    max_file_bytes: larger files are refused with an error that names them.
    versions_bytes: of all earlier versions of documents, compressed; beyond that the oldest go. 0 keeps none.
    threads: batches of passages that are encoded at the same time; 0 for one per core.
    precision: "float32", or "int8" for a model that encodes twice as fast and slightly otherwise: see README.md.
    threshold: answers of lower confidence (0 to 1) come back with found=False. confidence.json says what others cost.
    milvus_token: for libraries at milvus://…: "user:password" or an API key. milvus_tls: "" for none, "1", or a file
        with the certificate to trust. milvus_seconds: a call may take that long, with all attempts.
        milvus_index (FLAT, HNSW, HNSW_SQ or IVF_SQ8) and milvus_shards: of a library that is made.
    """

    model: str = ""
    reader: str = ""
    cache: Path = field(default_factory=_default_cache)
    max_file_bytes: int = 32 * 2**20
    versions_bytes: int = 256 * 2**20
    threads: int = 0
    precision: str = "float32"
    threshold: float = 0.04
    milvus_token: str = field(default="", repr=False)
    milvus_tls: str = ""
    milvus_seconds: float = 20.0
    milvus_index: str = "HNSW"
    milvus_shards: int = 1

    def __post_init__(self) -> None:
        for name in ("model", "reader", "milvus_token", "milvus_tls", "milvus_index"):
            check_text(name, getattr(self, name))
        if not isinstance(self.cache, Path):
            raise wrong("cache", self.cache, "a Path")
        for name, least in (("max_file_bytes", 0), ("versions_bytes", 0), ("threads", 0), ("milvus_shards", 1)):
            check_whole(name, getattr(self, name), least)
        if self.precision not in PRECISIONS:
            raise wrong("precision", self.precision, " or ".join(PRECISIONS), ArgumentError)
        check_number("threshold", self.threshold, 0, 1)
        check_number("milvus_seconds", self.milvus_seconds)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read PINCITE_MODEL, _READER, _CACHE, _MAX_FILE_MB, _VERSIONS_MB, _THREADS, _PRECISION, _THRESHOLD.

        And PINCITE_MILVUS_TOKEN, _TLS, _SECONDS, _INDEX and _SHARDS.

        Raises ValueError naming the variable when a number is not one.
        """
        default = cls()
        return cls(
            model=environment.get("PINCITE_MODEL", default.model),
            reader=environment.get("PINCITE_READER", default.reader),
            cache=Path(environment.get("PINCITE_CACHE") or default.cache).expanduser(),
            max_file_bytes=int(_number(environment, "PINCITE_MAX_FILE_MB", default.max_file_bytes / 2**20) * 2**20),
            versions_bytes=int(_number(environment, "PINCITE_VERSIONS_MB", default.versions_bytes / 2**20) * 2**20),
            threads=int(_number(environment, "PINCITE_THREADS", default.threads)),
            precision=_precision(environment, default.precision),
            threshold=_number(environment, "PINCITE_THRESHOLD", default.threshold),
            milvus_token=environment.get("PINCITE_MILVUS_TOKEN", default.milvus_token),
            milvus_tls=environment.get("PINCITE_MILVUS_TLS", default.milvus_tls),
            milvus_seconds=_number(environment, "PINCITE_MILVUS_SECONDS", default.milvus_seconds),
            milvus_index=environment.get("PINCITE_MILVUS_INDEX") or default.milvus_index,
            milvus_shards=int(_number(environment, "PINCITE_MILVUS_SHARDS", default.milvus_shards)) or 1,
        )


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    """Read one number, or say which variable is not one."""
    value = environment.get(name)
    try:
        number = float(value) if value else default
        if not math.isfinite(number) or number < 0:
            raise ValueError
        return number
    except ValueError:
        raise ValueError(f"{name} is {value!r}; expected a number of 0 or more") from None


def _precision(environment: Mapping[str, str], default: str) -> str:
    """Read PINCITE_PRECISION, or say what it can be."""
    value = environment.get("PINCITE_PRECISION") or default
    if value not in PRECISIONS:
        raise ValueError(f"PINCITE_PRECISION is {value!r}; expected one of {', '.join(PRECISIONS)}")
    return value


def seeds_folder() -> Path:
    """Return the shipped documents: inside the installed package, or beside it in a checkout."""
    packaged = PACKAGE_FOLDER / "seeds"
    return packaged if packaged.is_dir() else PACKAGE_FOLDER.parent / "seeds"
