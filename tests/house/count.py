"""Counts of the house, for any checkout: `python -m tests.house.count [FOLDER ...]` prints a column for each.

Read from the sources alone; nothing is imported.  What the words mean:

    file        a .py file of minicnn, gradcam, weights, or of lessons without the numbered lessons
    room        of a folder: each .py file and each folder that stands directly in it, __init__.py left out
    import      between rooms: a pair (room, other room of the same folder) of which the first imports
                something of the second, anywhere in a file, inside functions, too; each pair counts once
    circle      files of which each imports the next, and the last one the first: once counting what is
                imported when a file is loaded, once imports inside functions, too; those under TYPE_CHECKING
                never.  A package that only hands on names is no member
    shadowed    pkg/name.py, where pkg/__init__.py binds `name` to something else than that module
    public      functions, methods and classes whose own name, and whose class's, has no leading underscore
    hint        every argument but self and cls, and what is returned, has an annotation
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

PACKAGES = ("minicnn", "gradcam", "weights", "lessons")
LONG = 110  # columns
Function = ast.FunctionDef | ast.AsyncFunctionDef
Declared = Function | ast.ClassDef


class House:
    """The product files of a checkout, parsed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        paths = (p for name in PACKAGES for p in sorted((root / name).rglob("*.py")))
        self.paths = [p for p in paths if not p.name[0].isdigit()]
        self.trees = {self.module(p): ast.parse(p.read_text("utf-8")) for p in self.paths}

    def module(self, path: Path) -> str:
        parts = path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def is_package(self, module: str) -> bool:
        return (self.root / module.replace(".", "/") / "__init__.py").exists()

    def imported(self, module: str, everywhere: bool = True) -> Iterator[str]:
        """The modules of the house that a module imports."""
        for node in _statements(self.trees[module], everywhere):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = list(self._from(module, node))
            else:
                continue
            yield from (found for name in names if (found := self._nearest(name)) and found != module)

    def _from(self, module: str, node: ast.ImportFrom) -> Iterator[str]:
        origin = node.module or ""
        if node.level:
            parts = module.split(".")
            here = parts[: len(parts) - node.level + self.is_package(module)]
            origin = ".".join([*here, *filter(None, [node.module])])
        for alias in node.names:
            inside = f"{origin}.{alias.name}"
            yield inside if inside in self.trees else origin

    def _nearest(self, name: str) -> str:
        while name and name not in self.trees:
            name = name.rpartition(".")[0]
        return name

    # --- what is counted

    def files_naming(self, word: str) -> list[str]:
        return [str(p.relative_to(self.root)) for p in self.paths if word in p.read_text("utf-8")]

    def rooms(self, folder: str) -> list[str]:
        here = self.root / folder
        files = [p.stem for p in here.glob("*.py") if p.stem != "__init__"]
        return sorted([*files, *(p.name for p in here.iterdir() if any(p.rglob("*.py")))])

    def imports_between_rooms(self, folder: str) -> set[tuple[str, str]]:
        prefix = folder.replace("/", ".") + "."
        rooms = set(self.rooms(folder))
        pairs = set()
        for module in self.trees:
            if not module.startswith(prefix):
                continue
            room = module.removeprefix(prefix).split(".")[0]
            others = {
                m.removeprefix(prefix).split(".")[0] for m in self.imported(module) if m.startswith(prefix)
            }
            pairs |= {(room, other) for other in others & rooms if other != room}
        return pairs

    def shadowed(self) -> list[str]:
        """Modules whose name their package binds to something else."""
        found = []
        for module, tree in self.trees.items():
            if not self.is_package(module):
                continue
            for node in tree.body:
                if isinstance(node, ast.ImportFrom):
                    origin = node.module or ""
                    bound = {a.asname or a.name: f"{origin}.{a.name}" for a in node.names}
                elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                    bound = {node.name: ""}
                else:
                    continue
                found += [
                    inside
                    for name, origin in bound.items()
                    if (inside := f"{module}.{name}") in self.trees and origin != inside
                ]
        return sorted(set(found))

    def circles(self, everywhere: bool = True) -> list[list[str]]:
        """Strongly connected files, of more than one."""
        hands_on = {m for m in self.trees if self.is_package(m) and not _defines(self.trees[m])}
        edges = {m: set(self.imported(m, everywhere)) - hands_on for m in self.trees if m not in hands_on}
        reached = {m: _reached(m, edges) for m in edges}
        members = {m for m in edges if m in reached[m]}
        groups = {frozenset(n for n in members if n in reached[m] and m in reached[n]) for m in members}
        return sorted(sorted(group) for group in groups)

    @cached_property
    def public(self) -> list[tuple[str, Declared]]:
        return [(f"{m}.{where}", node) for m, tree in self.trees.items() for where, node in _public(tree)]

    @property
    def functions(self) -> list[tuple[str, Function]]:
        return [(where, node) for where, node in self.public if not isinstance(node, ast.ClassDef)]

    def without_docstring(self) -> list[str]:
        return [where for where, node in self.functions if not ast.get_docstring(node)]

    def without_hint(self) -> list[str]:
        return [where for where, node in self.functions if not _hinted(node)]

    def long_lines(self) -> list[str]:
        paths = [*self.paths, *sorted((self.root / "tests").rglob("*.py"))]
        return [
            f"{path.relative_to(self.root)}:{n}"
            for path in paths
            for n, line in enumerate(path.read_text("utf-8").splitlines(), 1)
            if len(line) > LONG
        ]

    def counted(self) -> dict[str, int]:
        return {
            "files": len(self.paths),
            "files that name score_cam": len(self.files_naming("score_cam")),
            "rooms of gradcam": len(self.rooms("gradcam")),
            "imports between rooms of gradcam": len(self.imports_between_rooms("gradcam")),
            "rooms of gradcam/verify": len(self.rooms("gradcam/verify")),
            "imports between rooms of gradcam/verify": len(self.imports_between_rooms("gradcam/verify")),
            "modules shadowed by what their package exports": len(self.shadowed()),
            "import circles when files are loaded": len(self.circles(everywhere=False)),
            "import circles, imports inside functions too": len(self.circles()),
            "public functions and methods": len(self.functions),
            "... without docstring": len(self.without_docstring()),
            "... without hint": len(self.without_hint()),
            f"lines over {LONG} columns, tests included": len(self.long_lines()),
        }


def _statements(tree: ast.AST, everywhere: bool) -> Iterator[ast.AST]:
    """All statements but those under TYPE_CHECKING; or only those that run when the file is loaded."""
    for node in ast.iter_child_nodes(tree):
        yield node
        for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        later = isinstance(node, Function | ast.Lambda)
        if not for_types and (everywhere or not later):
            yield from _statements(node, everywhere)


def _defines(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree.body)


def _reached(start: str, edges: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    to_do = list(edges[start])
    while to_do:
        if (module := to_do.pop()) not in seen:
            seen.add(module)
            to_do += edges.get(module, ())
    return seen


def _public(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Declared]]:
    for node in getattr(tree, "body", ()):
        if isinstance(node, Declared) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{prefix}{node.name}.")


def _hinted(node: Function) -> bool:
    of = node.args
    arguments = [*of.posonlyargs, *of.args, *of.kwonlyargs, *filter(None, [of.vararg, of.kwarg])]
    return node.returns is not None and all(a.annotation for a in arguments if a.arg not in ("self", "cls"))


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.house.count",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folders", nargs="*", type=Path, default=[Path(__file__).parents[2]], help="checkouts"
    )
    parser.add_argument(
        "--list",
        metavar="WHAT",
        help="name them: shadowed, circles, without_docstring, without_hint, long_lines",
    )
    args = parser.parse_args()
    houses = [House(folder.resolve()) for folder in args.folders]
    if args.list:
        print(*(item for house in houses for item in getattr(house, args.list)()), sep="\n")
        return
    columns = [house.counted() for house in houses]
    for what in columns[0]:
        print(f"{what:52}", *(f"{column[what]:7,}" for column in columns))


if __name__ == "__main__":
    main()
