"""The two collections of a library on Milvus: their fields and indexes."""

from typing import Any

from pymilvus import DataType, Function, FunctionType, MilvusClient

# Kinds that were measured to answer; others are accepted by servers whose build of the index then fails unseen.
KINDS: dict[str, dict[str, Any]] = {
    "FLAT": {}, "HNSW": {"M": 32, "efConstruction": 200},
    "HNSW_SQ": {"M": 32, "efConstruction": 200, "sq_type": "SQ8"}, "IVF_SQ8": {"nlist": 4096},
}  # fmt: skip
_LONGEST = 65_535  # bytes of a VARCHAR


def records() -> Any:
    """Return the schema for all but passages."""
    schema = MilvusClient.create_schema(auto_id=False)
    schema.add_field("key", DataType.VARCHAR, max_length=128, is_primary=True)
    for name in ("kind", "doc", "version", "replaces"):
        schema.add_field(name, DataType.VARCHAR, max_length=64)
    for name in ("at", "number"):
        schema.add_field(name, DataType.INT64)
    _add_strings(schema, "payload")
    schema.add_field("nothing", DataType.FLOAT_VECTOR, dim=2)  # a collection must have a vector
    return schema


def passages(dim: int) -> Any:
    """Return the schema for passages with vectors of `dim` dimensions."""
    schema = MilvusClient.create_schema(auto_id=False)
    schema.add_field("id", DataType.VARCHAR, max_length=32, is_primary=True)
    for name in ("doc", "version"):
        schema.add_field(name, DataType.VARCHAR, max_length=32)
    for name in ("first", "last", "length"):
        schema.add_field(name, DataType.INT64)
    schema.add_field("facets", DataType.ARRAY, element_type=DataType.INT64, max_capacity=4096)
    schema.add_field("dates", DataType.JSON)
    schema.add_field("terms", DataType.VARCHAR, max_length=_LONGEST, enable_analyzer=True, enable_match=True,
                     analyzer_params={"tokenizer": "standard"})  # fmt: skip
    schema.add_field("bm25", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(Function("bm25", FunctionType.BM25, ["terms"], ["bm25"]))
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    for name in ("passage", "sentences", "tokens"):
        _add_strings(schema, name)
    return schema


def _add_strings(schema: Any, name: str) -> None:
    schema.add_field(name, DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=4096, max_length=_LONGEST)


def indexes(part: str, kind: str, lite: bool) -> list[Any]:
    """Return the indexes of a collection, each on its own: another client may have made some of them.

    kind: of that over vectors; lite: the server indexes no arrays.
    """
    if part == "records":
        fields = ["kind", "doc", "version", "replaces"]
        vectors = [_index("nothing", "FLAT", metric_type="IP")]
    else:
        fields = ["doc", "version"] if lite else ["doc", "version", "facets"]
        parameters = {"bm25_k1": 1.2, "bm25_b": 0.75}
        vectors = [
            _index("vector", kind, metric_type="IP", params=KINDS[kind]),
            _index("bm25", "SPARSE_INVERTED_INDEX", metric_type="BM25", params=parameters),
        ]
    return vectors + [_index(field, "INVERTED") for field in fields]


def _index(field: str, kind: str, **given: Any) -> Any:
    made = MilvusClient.prepare_index_params()
    made.add_index(field, index_type=kind, **given)
    return made
