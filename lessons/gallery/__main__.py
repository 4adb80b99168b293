"""Train every example, draw it, and write the page: `python -m lessons.gallery`."""

import io
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from lessons.gallery.example import by_autograd, from_file, live
from lessons.gallery.examples import EXAMPLES

HERE = Path(__file__).parent
HEAD = """# Examples: networks that are no classifiers of photos

Each network below is trained for seconds on synthetic data, explained twice, as a
live PyTorch model and from its ONNX file, and its Grad-CAM compared with PyTorch's
autograd: equal to 1e-10 in float64 and to 1e-6 in float32
(`tests/lessons/test_gallery.py`, a part of CI). `python -m lessons.gallery` makes this
page and its pictures. Each example is one file, beside this page.

```python
from gradcam import explain
from gradcam.targets import Box, Number, Region
from weights.graphs.torch import from_torch

net = from_torch(model, x)  # or, of weights.described: open_model("model.onnx")
```
"""
BODY = """
## {title}

{question}

```python
{code}
```

![{title}]({name}.png)

[`{name}.py`]({name}.py); largest difference from autograd, as a share of the map's
maximum: live {live:.0e}, from ONNX {onnx:.0e} (float64).
"""


def made(example, folder):
    """One example, its picture written -> its part of the page."""
    model, xs = example.trained(), example.inputs()
    truth = np.maximum(by_autograd(example, model, xs, _double()), 0)
    apart = {}
    for name, e in (
        ("live", live(example, model, xs, np.float64, example.methods)),
        (
            "onnx",
            from_file(example, model, xs, np.float64, Path(folder), example.methods),
        ),
    ):
        apart[name] = abs(e["grad_cam"] - truth).max() / truth.max()
        drawn = e
    figure = example.draw(xs[0], drawn, _answer(model, xs))
    _write(figure, HERE / f"{example.name}.png")
    print(
        f"{example.name}: live {apart['live']:.1e}, ONNX {apart['onnx']:.1e}",
        flush=True,
    )
    said = {"title": example.title, "question": example.question, "code": example.code}
    return BODY.format(name=example.name, **said, **apart)


def _double():
    import torch

    return torch.float64


def _answer(model, xs):
    import torch

    with torch.no_grad():
        return model(*map(torch.as_tensor, xs)).numpy()


def _write(figure, path):
    """A PNG of 128 colours and some 60 kB."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    picture = Image.open(file).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)


def main(names):
    """Those examples, or all; the page is written if all were made."""
    with tempfile.TemporaryDirectory() as folder:
        parts = [made(EXAMPLES[name], folder) for name in names or EXAMPLES]
    if not names:  # the page has a part for each
        (HERE / "README.md").write_text(HEAD + "".join(parts), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
