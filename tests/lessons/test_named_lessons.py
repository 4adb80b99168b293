"""Operations and methods name their lessons, and a lesson that shows a file's lines is one of those that the
file names.
"""

import ast
import re
from pathlib import Path

import pytest

from lessons.course import lessons

ROOT = Path(__file__).parents[2]
# The operations of the course; the others serve imported models.
OPERATIONS = [
    "add", "avgpool", "batchnorm", "clip", "concat", "conv", "cross_entropy", "dropout", "embedding", "exp",
    "leaky_relu", "linear", "lrn", "lstm", "matmul", "maxpool", "mul", "pad", "relu", "reshape",
    "roi_align", "sigmoid", "slice", "softmax", "sum", "tanh", "transpose",
]  # fmt: skip
OTHERS = [
    "minicnn/optimise.py",
    "minicnn/tables.py",
    "minicnn/convolution/taps.py",
    "minicnn/convolution/fast/winograd.py",
    "weights/names/reordering.py",
    "gradcam/rules.py",
    "gradcam/interpolation.py",
    "gradcam/language/sentences.py",
    "gradcam/language/regions.py",
    "gradcam/measure/measures/localisation.py",
    "gradcam/measure/measures/pointing_game.py",
    "gradcam/measure/measures/rank_correlation.py",
    "gradcam/measure/measures/sanity_check.py",
    "gradcam/measure/study/sanity_curves.py",
    *(f"minicnn/nets/language/{name}.py" for name in ("captioner", "vqa", "dense_captioner")),
    *(
        f"minicnn/nets/classifiers/{name}.py"
        for name in ("alexnet", "googlenet", "mini_vgg", "resnet", "shapes", "squeezenet", "vgg")
    ),
]
METHODS = [
    "gradient",
    "saliency",
    "deconvnet",
    "guided_backprop",
    "cam",
    "grad_cam",
    "guided_grad_cam",
    "occlusion",
    "hirescam",
    "integrated_gradients",
    "lrp",
    "grad_cam_pp",
    "layercam",
    "xgrad_cam",
    "smoothgrad",
]
FILES = [
    *(ROOT / "minicnn/ops" / f"{name}.py" for name in OPERATIONS),
    *(ROOT / "gradcam/methods" / f"{name}.py" for name in METHODS),
    *(ROOT / name for name in OTHERS),
]
LINE = re.compile(r"^Lessons? (\d+(?:(?:, | and )\d+)*)\.$", re.M)
SHOWN = re.compile(r"getsource\((\w+)")
NUMBERS = {each.number for each in lessons()}


def named(path):
    """Numbers of the lessons that a file names in its docstring."""
    found = LINE.findall(ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")
    assert len(found) == 1, (
        f"{path.relative_to(ROOT)} must say in one line of its docstring which lesson it belongs to"
    )
    return [int(n) for n in re.findall(r"\d+", found[0])]


def defined(path):
    """Names of a file, its classes and its functions."""
    statements = ast.parse(path.read_text("utf-8")).body
    return {path.stem} | {
        each.name for each in statements if isinstance(each, (ast.ClassDef, ast.FunctionDef))
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_names_lessons_that_there_are(path):
    assert set(named(path)) <= NUMBERS, f"{path.relative_to(ROOT)} names {named(path)}"


@pytest.mark.parametrize("lesson", lessons(), ids=lambda each: each.source.stem)
def test_the_files_whose_lines_a_lesson_shows_name_it(lesson):
    shown = set(SHOWN.findall(lesson.text))
    assert shown
    imports = [node for node in ast.walk(ast.parse(lesson.text)) if isinstance(node, ast.ImportFrom)]
    imported = {alias.name: node.module for node in imports for alias in node.names}
    for path in FILES:
        of_this_file = shown & defined(path)
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if any(f"{module}.".startswith(f"{imported[name]}.") for name in of_this_file):
            assert lesson.number in named(path), (
                f"{lesson.source.name} shows {of_this_file} of {path.name}, which does not name the lesson"
            )


def test_some_lessons_show_an_operation_or_a_method():
    shown = {name for each in lessons() for name in SHOWN.findall(each.text)}
    assert sum(bool(shown & defined(path)) for path in FILES) >= 8
