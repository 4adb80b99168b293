"""Models of Keras in a file without weights: configurations, where arrays lie, and what Keras says of them.

python -m tests.weights.graphs.keras_fixtures            with Keras 3 and PyTorch
python -m tests.weights.graphs.keras_fixtures --keras2   with tf_keras and TensorFlow

write keras_fixtures.json.  Weights are drawn anew from their names, so the file holds none; `write` makes the
.keras or .h5 file of a model again.  Answers are those of float64: scores, and the gradient of their weighted
sum, along three directions.
"""

from __future__ import annotations

import io
import json
import os
import pathlib
import sys
import tempfile
import zipfile
import zlib

import numpy as np

FILE = pathlib.Path(__file__).with_suffix(".json")
DROPPED = (
    "_initializer", "_regularizer", "_constraint", "build_config", "compile_config", "registered_name",
    "momentum", "synchronized", "renorm", "renorm_clipping", "seed", "sparse", "ragged", "optional",
    "quantization_config", "trainable",
)  # fmt: skip
OLD = [
    "tutorial",
    "branches",
    "transfer",
    "sequence",
    "u_net",
    "shared",
    "recurrent",
    "two_outputs",
    "attention",
]


def weights(name: str, shape) -> np.ndarray:
    """The values of a variable, drawn from its name."""
    random, kind = np.random.default_rng(zlib.crc32(name.encode())), name.rsplit("/", 1)[-1].split(":")[0]
    if kind in ("gamma", "moving_variance", "variance"):
        return random.uniform(0.6, 1.4, shape)
    if "kernel" in kind:
        return random.standard_normal(shape) * (2 / max(1, int(np.prod(shape[:-1])))) ** 0.5
    return 0.1 * random.standard_normal(shape)


def picture(shape, white) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, white, (2, *shape))


def direction(k: int, shape) -> np.ndarray:
    return np.random.default_rng(10 + k).standard_normal(shape)


def read() -> dict[str, dict]:
    return json.loads(FILE.read_text())


def write(made: dict, ending: str, path: pathlib.Path, dtype: str = "float64") -> pathlib.Path:
    """The file of a model, as Keras writes it."""
    import h5py

    config, stored = json.dumps(made[ending]["config"]), made[ending]
    if ending == ".h5":
        with h5py.File(path, "w") as file:
            file.attrs["model_config"], file.attrs["keras_version"] = config, made["keras"]
            group = file.create_group("model_weights")
            for name, attributes in stored["attributes"].items():
                at = group.require_group(name) if name else group
                for key, value in attributes.items():
                    at.attrs[key] = [v.encode() for v in value]
            for name, variable, shape in stored["arrays"]:
                group[name] = weights(variable, shape).astype(dtype)
        return path
    inner = io.BytesIO()
    with h5py.File(inner, "w") as file:
        for name, attributes in stored["attributes"].items():
            file.require_group(name).attrs.update(attributes)
        for name, variable, shape in stored["arrays"]:
            file[name] = weights(variable, shape).astype(dtype)
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("metadata.json", json.dumps({"keras_version": made["keras"]}))
        out.writestr("config.json", config)
        out.writestr("model.weights.h5", inner.getvalue())
    return path


def made_of(keras, name: str, build, shape, white, endings, asked) -> dict:
    """What stands in the file for one model.  asked: (model, x) -> {output: scores}, its gradient."""
    import h5py

    keras.backend.clear_session()
    model = build(keras)
    arrays = {}
    for v in model.weights:
        key = getattr(v, "path", v.name)
        if "seed" in key:
            continue
        if np.any([np.array_equal(a, weights(key, a.shape)) for a in arrays.values()]):
            raise ValueError(f"two variables are called {key}")
        v.assign(weights(key, tuple(v.shape)))
        arrays[key] = np.asarray(weights(key, tuple(v.shape)))
    found = {"keras": keras.__version__, "shape": shape, "white": white}
    for ending in endings:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, f"model{ending}")
            model.save(path)
            if ending == ".h5":
                with h5py.File(path) as file:
                    config = json.loads(file.attrs["model_config"])
                    found[ending] = {"config": pruned(config)} | layout(file["model_weights"], arrays)
            else:
                with zipfile.ZipFile(path) as whole:
                    config = json.loads(whole.read("config.json"))
                    with h5py.File(io.BytesIO(whole.read("model.weights.h5"))) as file:
                        found[ending] = {"config": pruned(config)} | layout(file, arrays)
    x = picture(shape, white)
    scores, gradient = asked(model, x)
    found["scores"] = {key: told(np.asarray(y)) for key, y in scores.items()}
    first = next(iter(scores.values()))
    g = gradient(direction(9, first.shape))
    found["gradient"] = [next(iter(scores)), told(g, few=0)]
    return found


def told(a: np.ndarray, few: int = 40) -> list[float]:
    """A few numbers as they are; of more, the sums along three directions."""
    return (
        a.ravel().tolist() if a.size <= few else [float((a * direction(k, a.shape)).sum()) for k in range(3)]
    )


def pruned(value):
    """A configuration without what only training needs."""
    if isinstance(value, dict):
        policy = {"dtype"} if isinstance(value.get("dtype"), dict) else set()
        return {k: pruned(v) for k, v in value.items() if not (k.endswith(DROPPED) or k in policy)}
    return [pruned(v) for v in value] if isinstance(value, list) else value


def layout(group, arrays) -> dict:
    """{"arrays": [place, variable, shape], "attributes": {group: {name: text or list of texts}}}"""
    found, attributes = [], {"": _texts(group.attrs)}

    def visit(name, node):
        if hasattr(node, "shape"):
            same = [k for k, a in arrays.items() if np.array_equal(a, node[()])]
            if not same and "seed" not in name:
                raise ValueError(f"whose values are {name}?")
            if same:
                found.append([name, same[0], list(node.shape)])
        elif texts := _texts(node.attrs):
            attributes[name] = texts

    group.visititems(visit)
    return {"arrays": found, "attributes": {k: v for k, v in attributes.items() if v}}


def _texts(attrs):
    keep = {}
    for key in attrs:
        value = attrs[key]
        if key in ("layer_names", "weight_names"):
            keep[key] = [v.decode() if isinstance(v, bytes) else str(v) for v in value]
        elif key == "name":
            keep[key] = str(value)
    return keep


def with_torch(model, x):
    import torch

    leaf = torch.tensor(x, requires_grad=True)
    y = model(leaf, training=False)
    ys = y if isinstance(y, dict) else {"": y}
    first = next(iter(ys.values()))

    def gradient(w):
        return torch.autograd.grad((first * torch.tensor(w)).sum(), leaf)[0].numpy()

    return {key: v.detach().numpy() for key, v in ys.items()}, gradient


def with_tensorflow(model, x):
    import tensorflow as tf

    leaf = tf.constant(x)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(leaf)
        y = model(leaf, training=False)
    ys = y if isinstance(y, dict) else {"": y}
    first = next(iter(ys.values()))
    return {k: v.numpy() for k, v in ys.items()}, lambda w: tape.gradient(first, leaf, w).numpy()


def main(old: bool) -> None:
    from tests.weights.graphs.keras_models import BYTES, MODELS, preprocessed

    found = read() if FILE.exists() else {}
    if old:
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        import tf_keras as keras

        keras.backend.set_floatx("float64")
        models = {name: MODELS[name] for name in OLD} | {"preprocessed": (preprocessed, (20, 18, 3))}
    else:
        from tests.weights.graphs.keras_witness import in_float64

        keras, models = in_float64(), MODELS
    for name, (build, shape) in models.items():
        white = 255 if name in (*BYTES, "preprocessed") else 1
        made = made_of(
            keras, name, build, shape, white, (".h5",) if old else (".keras", ".h5"),
            with_tensorflow if old else with_torch,
        )  # fmt: skip
        found[f"{name}, Keras {keras.__version__[0]}"] = made
        print(name, made["gradient"])
    rows = [f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found)]
    FILE.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main("--keras2" in sys.argv)
