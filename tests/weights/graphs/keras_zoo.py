"""Every model of keras.applications, by its file: scores, saliency and Grad-CAM against Keras' own gradients.

python -m tests.weights.graphs.keras_zoo [name ...]
needs Keras and PyTorch (NASNet: JAX); writes a JSON line per model, the smallest first, to
tests/results/keras_zoo.jsonl (what was compared is not tried again) and keras_zoo.md.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import time

RESULTS = pathlib.Path(__file__).parents[2] / "results"
NAMES = [
    "MobileNetV3Small", "MobileNetV2", "EfficientNetB0", "MobileNet", "MobileNetV3Large", "EfficientNetV2B0",
    "EfficientNetB1", "EfficientNetV2B1", "DenseNet121", "EfficientNetB2", "EfficientNetV2B2",
    "EfficientNetB3", "DenseNet169", "EfficientNetV2B3", "EfficientNetB4", "DenseNet201", "EfficientNetV2S",
    "Xception", "InceptionV3", "ResNet50V2", "ResNet50", "ConvNeXtTiny", "EfficientNetB5", "EfficientNetB6",
    "ResNet101V2", "ResNet101", "ConvNeXtSmall", "EfficientNetV2M", "InceptionResNetV2", "ResNet152V2",
    "ResNet152", "EfficientNetB7", "ConvNeXtBase", "EfficientNetV2L", "VGG16", "VGG19", "ConvNeXtLarge",
    "ConvNeXtXLarge", "NASNetMobile", "NASNetLarge",
]  # fmt: skip
SIDE = 128  # pixels at most: these networks take any size, and time goes with it
COMPARED = ("scores", "saliency", "feature maps", "Grad-CAM")


def examine(name: str) -> dict:
    from tests.weights.graphs.keras_witness import compared, drawn, in_float64

    keras = in_float64()
    keras.utils.set_random_seed(0)
    usual = getattr(keras.applications, name)
    model = drawn(usual(weights=None, input_shape=(SIDE, SIDE, 3)))
    began = time.process_time()
    found = compared(keras, model, (SIDE, SIDE, 3), conditioned=1e-10)
    return {
        "name": name, "parameters": model.count_params(), "side": SIDE,
        "backend": os.environ["KERAS_BACKEND"], "seconds": round(time.process_time() - began),
        "keras": keras.__version__,
    } | found  # fmt: skip


def in_a_process(name: str) -> dict:
    backend = "jax" if name.startswith("NASNet") else "torch"
    done = subprocess.run(
        [sys.executable, "-m", "tests.weights.graphs.keras_zoo", "--only", name],
        env=os.environ | {"KERAS_BACKEND": backend}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines:
        return json.loads(lines[-1])
    why = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    return {"name": name, "failed": why[:300]}


def page(rows: list[dict]) -> str:
    rows = sorted(rows, key=lambda r: NAMES.index(r["name"]))
    right = [
        r for r in rows if all(r.get(w, 1) < max(1e-10, 10 * r.get("rounding", 0)) for w in COMPARED[:3])
    ]
    lines = [
        "# keras.applications, by file", "",
        "`python -m tests.weights.graphs.keras_zoo`: each, with random weights, saved by Keras",
        f"{rows[-1].get('keras', '')}, read by `weights.graphs.keras` without it, in float64.  Largest",
        "difference from Keras' own scores before softmax, its backend's gradient of the highest score,",
        "the default feature maps, and Grad-CAM of them (JAX: none); each over the largest value.", "",
        "Rounding: how far our own saliency moves where a pixel's last digits do (1e-15), measured where a",
        "difference is above 1e-10.", "",
        f"**{len(right)} of {len(NAMES)}** to 1e-10, or 10 times that rounding; compared: {len(rows)}.", "",
        "| model | weights | pixels | maps at | scores | saliency | maps | Grad-CAM | rounding | backend |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for r in rows:
        if "failed" in r:
            lines.append(f"| {r['name']} | {r['failed']} ||||||||")
            continue
        numbers = " | ".join("" if w not in r else f"{r[w]:.0e}" for w in (*COMPARED, "rounding"))
        size = f"{r['parameters'] / 1e6:.1f} M | {r['side']} | {r['layer']} {r['maps']}"
        lines.append(f"| {r['name']} | {size} | {numbers} | {r['backend']} |")
    return "\n".join(lines) + "\n"


def main(names: list[str]) -> None:
    if names[:1] == ["--only"]:
        print(json.dumps(examine(names[1])))
        return
    path = RESULTS / "keras_zoo.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    rows = [r for r in rows if "failed" not in r]
    done = {r["name"] for r in rows}
    for name in names or NAMES:
        if name in done:
            continue
        row = in_a_process(name)
        rows.append(row)
        print(row, flush=True)
        path.write_text("".join(json.dumps(r) + "\n" for r in rows))
        (RESULTS / "keras_zoo.md").write_text(page(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
