"""The layout that DESIGN.md promises, read from the source by ast."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import retrieval

ROOT = Path(__file__).parents[1]
ORDER = [
    "records",
    "errors",
    "exports",
    "settings",
    "terms",
    "products",
    "batches",
    "speech",
    "attribution",
    "blocks",
    "metadata",
    "readers.__init__",
    "readers.decoding",
    "readers.text",
    "readers.markdown",
    "readers.archive",
    "readers.markup",
    "readers.html",
    "readers.epub",
    "readers.mail",
    "readers.office",
    "readers.word",
    "readers.slides",
    "readers.opendocument",
    "readers.richtext",
    "readers.tables",
    "readers.latex",
    "readers.restructured",
    "readers.subtitles",
    "readers.accents",
    "readers.printed",
    "readers.layout",
    "readers.ocr",
    "readers.pdf",
    "readers.aligned",
    "readers.facsimile",
    "reading",
    "sandbox",
    "documents",
    "pages",
    "passages",
    "models",
    "exporting",
    "encoder",
    "candidates",
    "backend",
    "conditions",
    "database",
    "fulltext",
    "lookup",
    "store",
    "backup",
    "vectors",
    "embedded",
    "copying",
    "milvus_rows",
    "milvus_schema",
    "milvus_client",
    "milvus_records",
    "milvus_lookup",
    "milvus",
    "opening",
    "search",
    "following",
    "language",
    "answer",
    "pasted",
    "certainty",
    "chat",
    "asking",
    "verifying",
    "preparing",
    "packing",
    "adding",
    "distributed",
    "ignore",
    "sync",
    "library",
    "__init__",
]
ONLY_IN = {
    "faiss": {"retrieval/vectors.py"},
    "torch": {"retrieval/exporting.py"},
    "sentence_transformers": {"retrieval/models.py"},
    "transformers": {"retrieval/models.py"},
    "sqlite3": {"retrieval/database.py"},
    "pymilvus": {"retrieval/milvus_client.py", "retrieval/milvus_schema.py"},
    "pyarrow": {"retrieval/distributed.py"},
    "pypdfium2": {"retrieval/readers/pdf.py", "retrieval/readers/facsimile.py"},
    "ray": {"retrieval/distributed.py"},
    "trafilatura": {"retrieval/readers/html.py"},
    "subprocess": {"retrieval/sandbox.py", "retrieval/readers/ocr.py"},
}
HEAVY = (
    "torch sentence_transformers transformers gradio lxml trafilatura pypdfium2 docx pptx docutils pylatexenc pysubs2 "
    "ray pyarrow pymilvus"
)


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (dotted name imported, enclosing function or "") of every import in a file, wherever it stands."""

    def visit(node: ast.AST, function: str) -> Iterator[tuple[str, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, function) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path} imports relatively; the order is read from full names"
                yield child.module, function
                yield from ((f"{child.module}.{alias.name}", function) for alias in child.names)
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from visit(child, child.name if inside else function)

    yield from visit(ast.parse(path.read_text()), "")


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name, _ in imports(path)}


def test_the_order_names_every_module():
    names = [path.relative_to(ROOT / "retrieval").with_suffix("") for path in sources("retrieval")]
    assert sorted(name.as_posix().replace("/", ".") for name in names) == sorted(ORDER)


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_downward(module):
    allowed = set(ORDER[: ORDER.index(module)])
    found = set()
    for name, function in imports(ROOT / "retrieval" / f"{module.replace('.', '/')}.py"):
        if not name.startswith("retrieval."):
            continue
        parts = name.split(".")[1:]
        sibling = next((known for end in (2, 1) if (known := ".".join(parts[:end])) in ORDER), "")
        if sibling in ORDER and (module, function, sibling) != (
            "exporting",
            "_agrees",
            "encoder",
        ):  # it checks its export
            found.add(sibling)
    assert found <= allowed


@pytest.mark.parametrize("package", ONLY_IN)
def test_each_heavy_package_has_one_home(package):
    users = {path.relative_to(ROOT).as_posix() for path in sources("retrieval") if package in packages(path)}
    assert users == ONLY_IN[package]


def test_gradio_is_imported_only_under_ui():
    assert [path for folder in ("retrieval", "eval") for path in sources(folder) if "gradio" in packages(path)] == []


def test_ui_and_eval_do_not_import_each_other_and_the_library_imports_neither():
    assert [path for path in sources("ui") if "eval" in packages(path)] == []
    assert [path for path in sources("eval") if "ui" in packages(path)] == []
    assert [path for path in sources("retrieval") if {"ui", "eval"} & packages(path)] == []


def test_exports():
    names = ["Answer", "Citation", "Document", "Hit", "Library", "Passage", "PinciteError", "Settings", "Turn", "ask"]
    assert retrieval.__all__ == names == sorted(names)
    assert all(hasattr(retrieval, name) for name in names)


def test_importing_loads_nothing_heavy(python):
    code = f"import sys, retrieval; print([name for name in '{HEAVY}'.split() if name in sys.modules])"
    assert python(code).communicate() == ("[]\n", "")


def test_asking_with_a_prepared_model_loads_nothing_heavy(python, asked):
    code = f"""
import sys
from retrieval import Library
with Library(sys.argv[1]) as library:
    print(library.search("Who opened the bridge at Harwick?")[0].passage.text.split("\\n")[-1][:25])
print([name for name in "{HEAVY}".split() if name in sys.modules])
"""
    assert python(code, asked.path).communicate() == ("The bridge at Harwick was\n[]\n", "")
