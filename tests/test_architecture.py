"""The layout that DESIGN.md promises, read from the source by ast."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import retrieval

ROOT = Path(__file__).parents[1]
# From the ground up: a package imports only what stands before it, and of other packages only their faces.
GROUND = ["errors", "markdown", "records", "settings", "parallel", "files", "linalg"]
PACKAGES = [
    "text", "conversation", "embedding", "parsers", "storage", "reader", "search", "ingest", "citations", "answering",
]  # fmt: skip
ORDER = [*GROUND, *PACKAGES, "library", "integrations", "__init__"]
FLOORS = 9
MOST_MODULES = 8
ONLY_IN = {
    "faiss": {"storage/local/faiss_index"},
    "torch": {"embedding/export"},
    "sentence_transformers": {"embedding/sentence_transformer", "reader/other"},
    "transformers": {"embedding/sentence_transformer", "reader/other"},
    "sqlite3": {"storage/local/database"},
    "pymilvus": {"storage/milvus/client", "storage/milvus/schema"},
    "pyarrow": {"ingest/cluster"},
    "rapidocr": {"parsers/pdf/extract/ocr"},
    "pypdfium2": {f"parsers/pdf/{name}" for name in ("reader", "highlight", "extract/page", "extract/fields")},
    "ray": {"ingest/cluster"},
    "trafilatura": {"parsers/markup/html"},
    "langchain_core": {"integrations/langchain"},
    "llama_index": {"integrations/llama_index"},
    "haystack": {"integrations/haystack"},
    "subprocess": {"parsers/sandbox"},
}
HEAVY = (
    "torch sentence_transformers transformers gradio lxml trafilatura pypdfium2 docx pptx docutils pylatexenc "
    "ray pyarrow pymilvus langchain_core llama_index haystack"
)


@cache
def imports(path: Path) -> list[tuple[str, str]]:
    """Return (dotted name imported, enclosing function or "") of every import in a file, wherever it stands."""

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

    return list(visit(ast.parse(path.read_text()), ""))


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name, _ in imports(path)}


def home(path: Path) -> str:
    """The package (or module of the ground) of `retrieval` that a file belongs to."""
    return path.relative_to(ROOT / "retrieval").parts[0].removesuffix(".py")


def used(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (package, dotted rest) of every import of `retrieval` in a file of it, lazy ones included."""
    for name, _ in imports(path):
        parts = name.split(".")
        if parts[0] == "retrieval" and len(parts) > 1 and parts[1] in ORDER:
            yield parts[1], ".".join(parts[2:])


def test_the_order_names_every_package():
    assert {home(path) for path in sources("retrieval")} <= set(ORDER)


@pytest.mark.parametrize("package", ORDER)
def test_imports_point_downward_and_at_faces(package):
    allowed = set(ORDER[: ORDER.index(package)])
    for path in sources("retrieval"):
        if home(path) != package:
            continue
        for other, rest in used(path):
            assert other in allowed | {package}, f"{path} imports {other}, which does not stand below it"
            assert other == package or "." not in rest, f"{path} imports {other}.{rest}"


@pytest.mark.parametrize("top", ["retrieval", "ui", "eval"])
def test_no_modules_import_each_other_in_a_circle(top):
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in sources(top)
    }
    below = {}
    for name, path in names.items():
        meant = {other for other, _ in imports(path) if other in names}
        # "from a import b" means the module a.b where there is one
        below[name] = {other for other in meant if not any(longer.startswith(f"{other}.") for longer in meant)} - {name}
    TopologicalSorter(below).prepare()  # a CycleError names the circle; imports within functions count too


def test_floors():
    below = {package: set() for package in ORDER}
    for path in sources("retrieval"):
        below[home(path)] |= {other for other, _ in used(path)} - {home(path)}
    floors = {}
    for package in ORDER:
        floors[package] = 1 + max((floors[other] for other in below[package]), default=0)
    assert max(floors.values()) <= FLOORS


@pytest.mark.parametrize("top", ["retrieval", "ui", "eval"])
def test_no_package_has_many_modules(top):
    for folder in {path.parent for path in sources(top)}:
        modules = [path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")]
        assert len(modules) <= MOST_MODULES, f"{folder} has {len(modules)}: {modules}"


@pytest.mark.parametrize("package", ONLY_IN)
def test_each_heavy_package_has_one_home(package):
    users = {path for path in sources("retrieval") if package in packages(path)}
    assert {path.relative_to(ROOT / "retrieval").with_suffix("").as_posix() for path in users} == ONLY_IN[package]


def test_gradio_is_imported_only_under_ui():
    assert [path for folder in ("retrieval", "eval") for path in sources(folder) if "gradio" in packages(path)] == []


def test_ui_and_eval_do_not_import_each_other_and_the_library_imports_neither():
    assert [path for path in sources("ui") if "eval" in packages(path)] == []
    assert [path for path in sources("eval") if "ui" in packages(path)] == []
    assert [path for path in sources("retrieval") if {"ui", "eval"} & packages(path)] == []


def test_the_page_and_the_command_line_stand_on_the_server_and_the_server_on_words():
    below = {"words": [], "server": ["words"], "web": ["words", "server"], "cli": ["words", "server", "web"]}
    for path in sources("ui"):
        own = path.relative_to(ROOT / "ui").parts[0].removesuffix(".py")
        others = {name.split(".")[1] for name, _ in imports(path) if name.startswith("ui.")} - {own}
        assert others <= set(below.get(own, ["cli"])), f"{path} imports {others}"


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
