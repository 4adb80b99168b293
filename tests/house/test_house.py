"""The house keeps its order: no module shadowed, no circle of imports, no arrow upwards, types never fall."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.house import typed
from tests.house.count import House

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def house():
    return House(ROOT)


def test_no_module_has_the_name_of_what_its_package_exports(house):
    assert house.shadowed() == []


def test_no_files_import_each_other_in_a_circle(house):
    assert house.circles() == []


FLOORS = ("lessons", "gradcam", "weights", "minicnn")  # from the top; each may import those below it only


def test_imports_go_down_the_floors_only(house):
    upwards = [
        f"{module} imports {other}"
        for module in house.trees
        for other in house.imported(module)
        if FLOORS.index(other.split(".")[0]) < FLOORS.index(module.split(".")[0])
    ]
    assert upwards == []


def test_the_counts_notice_what_they_count(tmp_path):
    package = tmp_path / "minicnn"
    package.mkdir()
    (package / "__init__.py").write_text("from minicnn.a import a\n")
    (package / "a.py").write_text(f"from minicnn.b import b\n\n\ndef a(x):\n    return b  # {'-' * 110}\n")
    (package / "b.py").write_text(
        "def b(x: int) -> int:\n    'Doc.'\n    from minicnn.a import a\n    return a\n"
    )
    house = House(tmp_path)
    assert house.shadowed() == ["minicnn.a"]
    assert house.circles() == [["minicnn.a", "minicnn.b"]]
    assert house.circles(everywhere=False) == []
    assert house.without_docstring() == house.without_hint() == ["minicnn.a.a"]
    assert house.long_lines() == ["minicnn/a.py:5"]
    assert house.imports_between_rooms("minicnn") == {("a", "b"), ("b", "a")}


@pytest.mark.parametrize("package", typed.PACKAGES)
@pytest.mark.skipif(
    not find_spec("basedpyright"), reason="basedpyright is not installed: pip install '.[dev]'"
)
def test_the_share_of_typed_exports_never_falls(package):
    assert typed.share(package) >= typed.floors()[package] >= 0.9
