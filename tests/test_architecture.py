"""The rules of the layout, checked: imports point left, the pure stays pure, only the edges know HTTP."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REGISTRY = Path(__file__).parent.parent / "registry"

# The foundations, the domain in the order in which a case passes through it, its readers, the edges, the assembly.
# A name may import only what stands to its left; the edges stand side by side and do not import each other.
LEFT_TO_RIGHT = """
    errors clock base64url config policy policy_check pictures paper identity signing vault private_files wrapping db
    log client members accounts access keys cases notices invitations restraints reports mandates entries checks watches
    recalls appeals amendments panels reviews findings orders summaries erasures copies rotation schema revisions audit
    running health parent
"""
ORDER: list[set[str]] = [
    *({name} for name in LEFT_TO_RIGHT.split()),
    {"keyholder", "worker", "witness", "web", "api", "cli"},
    {"app", "__main__"},
]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
# The command line starts the other processes, so it knows them; `accounts.rules` is words that `access` needs.
ALLOWED = {
    ("cli", "keyholder"),
    ("cli", "worker"),
    ("cli", "witness"),
    ("cli", "app"),
    ("__main__", "cli"),
    ("accounts", "access"),
}
EDGES = {"keyholder", "worker", "web", "api", "cli", "app", "client"}
HTTP = {"flask", "flask_login", "flask_wtf", "wtforms", "werkzeug", "apiflask", "httpx2", "granian"}
DATABASE = {"sqlalchemy", "alembic"}
PURE_LOG = {
    "tree.py",
    "checkpoint.py",
    "tiles.py",
    "leaf.py",
    "proof.py",
    "quorum.py",
    "receipt.py",
    "witnessing.py",
    "absence.py",
    "absence_tree.py",
}


def files() -> list[Path]:
    return sorted(path.relative_to(REGISTRY) for path in REGISTRY.rglob("*.py") if "static" not in path.parts)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((REGISTRY / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            module = node.module or ""
            yield from (f"registry.{a.name}" for a in node.names) if module == "registry" else (module,)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1, f"{path}: name the module in full"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def part_of(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


def is_pure(path: Path) -> bool:
    part = part_of(path)
    return (
        part in {"identity", "signing", "client", "vault", "pictures"}
        or path.name == "rules.py"
        or (part == "log" and path.name in PURE_LOG)
    )


def offences(path: Path) -> Iterator[str]:
    part = part_of(path)
    for name in imported(path):
        top, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        foreign = top == "registry" and target and target != part and (part, target) not in ALLOWED
        if foreign and RANK[target] >= RANK[part]:
            yield f"{path} imports {name}, which stands to its right"
        if top in HTTP and part not in EDGES:
            yield f"{path} knows HTTP ({name})"
        if is_pure(path) and (top in DATABASE or name.startswith("registry.db")):
            yield f"{path} knows the database ({name})"


@pytest.mark.parametrize("path", [p for p in files() if p.name != "__init__.py" or len(p.parts) > 1], ids=str)
def test_imports_point_left(path: Path) -> None:
    assert list(offences(path)) == []


def test_every_part_has_its_place_in_the_order() -> None:
    assert {part_of(path) for path in files()} - {"__init__"} <= set(RANK)


@pytest.mark.parametrize("path", files(), ids=str)
def test_nothing_is_imported_inside_a_function(path: Path) -> None:
    tree = ast.parse((REGISTRY / path).read_text())
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [n for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert inner == [], f"{path}: {function.name} imports inside"


@pytest.mark.parametrize("path", files(), ids=str)
def test_only_the_clock_reads_the_time(path: Path) -> None:
    if path.name == "clock.py":
        return
    source = (REGISTRY / path).read_text()
    assert [word for word in ("datetime.now", "utcnow", "time.time(", "date.today") if word in source] == []


def test_the_rule_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "db.py").write_text("import flask\nfrom registry.web import auth\n")
    monkeypatch.setattr(f"{__name__}.REGISTRY", tmp_path)
    assert list(offences(Path("db.py"))) == [
        "db.py knows HTTP (flask)",
        "db.py imports registry.web, which stands to its right",
    ]
