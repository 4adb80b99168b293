"""Changed ONNX graphs, by the thousand: each is explained or gives one sentence, quickly, in little memory.

    python -m tests.weights.graphs.onnx_fuzz --inputs 3000    a table; exit status 1 if anything else happens

A mutant is a drawn graph with one to three changes to its structure: an input that leads elsewhere, a value
computed twice, another operator, other attributes, nodes left out, doubled or in another order, weights of
other shapes, other declared inputs and outputs, other metadata; every sixth has bytes changed as well.
"""

import argparse
import random
import resource
import signal
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

from gradcam.explanation import explain
from minicnn import Error
from tests.weights.graphs import onnx_kinds
from tests.weights.readers.fuzz import mutated
from weights.graphs.onnx import describe, load
from weights.graphs.onnx.operators import OPERATORS

SLOW, MEMORY = 20, 2**30  # seconds and bytes that one mutant may take
ATTRIBUTES = (
    "axis", "axes", "strides", "pads", "group", "kernel_shape", "perm", "dilations", "epsilon", "alpha", "to",
    "size", "keepdims", "auto_pad", "mode", "ceil_mode", "value", "shape", "transB",
)  # fmt: skip
VALUES = (
    0,
    1,
    -1,
    7,
    2**31,
    -(2**63),
    [0, 0],
    [-1, -1],
    [1, 2, 3, 4],
    [2**40] * 2,
    [],
    1.5,
    float("nan"),
    "x",
)
SHAPES = ([], [0], [1], [-1], [2, 2], [1, 3, 16], [4, 27], [2**31], [1 << 40, 1 << 40])
NAMES = ("", "x", "input", "scores", "relu1", "pool2", "W1", "nowhere", "n" * 5000)


def originals():
    """Good graphs to start from."""
    turned = onnx_kinds.Drawn({"input": ("n", 16, 16, 3)})
    turned.head(turned.trunk(turned.node("Transpose", ["input"], "turned", perm=[0, 3, 1, 2])))
    reshaped = onnx_kinds.ended(("Softmax", [], {"axis": 1}), ("Reshape", ["sh"], {}))
    reshaped.constant("sh", [-1, 4], "i8")
    filled = onnx_kinds.Drawn()
    y = filled.trunk()
    zeros = filled.node("ConstantOfShape", [filled.constant("dims", [1, 8, 4, 4], "i8")], "zeros")
    filled.head(filled.node("Concat", [filled.node("Add", [y, zeros], "sum"), y], "cat", axis=1), width=16)
    drawn = [
        onnx_kinds.plain(),
        turned.ends("scores"),
        reshaped,
        filled.ends("scores"),
        onnx_kinds.ended(("Sigmoid", [], {})),
    ]
    return [net.model() for net in drawn]


def change(model, rng):
    """One change to the structure of a model, in place."""
    graph = model.graph
    if not graph.node:
        return
    node = rng.choice(graph.node)
    match rng.randrange(14):
        case 0 if node.input:
            node.input[rng.randrange(len(node.input))] = rng.choice(NAMES)
        case 1 if node.output:
            node.output[rng.randrange(len(node.output))] = rng.choice(NAMES)
        case 2:
            node.op_type = rng.choice([*sorted(OPERATORS), "Loop", "If", "Unheard"])
        case 3 if node.attribute:
            rng.choice(node.attribute).i = rng.choice([-1, 0, 2**31, -(2**63)])
        case 4:
            node.attribute.append(
                helper.make_attribute(rng.choice(ATTRIBUTES), rng.choice([v for v in VALUES if v != []]))
            )
        case 5:
            graph.node.remove(node)
        case 6:
            nodes = list(graph.node)
            rng.shuffle(nodes)
            del graph.node[:]
            graph.node.extend(nodes)
        case 7 if graph.initializer:
            tensor = rng.choice(graph.initializer)
            del tensor.dims[:]
            tensor.dims.extend(rng.choice([s for s in SHAPES if max(s, default=0) < 2**62]))
        case 8:
            del node.output[:]
        case 9:
            node.input.append(rng.choice(NAMES))
        case 10:
            graph.node.append(node)
        case 11:
            dims = rng.choice(
                [
                    (1, 3, 16, 16),
                    (1, 16, 16, 3),
                    ("n", 3, "h", "w"),
                    (1, 64),
                    (),
                    (0, 0, 0, 0),
                    (1, 3, 2**20, 2**20),
                ]
            )
            del graph.input[:]
            graph.input.append(helper.make_tensor_value_info("input", rng.choice([1, 7, 10]), dims))
        case 12:
            del graph.output[:]
            name = rng.choice([*NAMES, *(v for n in graph.node for v in n.output)])
            graph.output.append(helper.make_tensor_value_info(name, 1, None))
        case _:
            wide = onnx.numpy_helper.from_array(
                np.array(rng.choice(([2**20] * 4, [2**31, 2], [-5], [1, 10**6, 1000])), "i8"), "wide"
            )
            graph.initializer.append(wide)
            node.op_type, node.input[:] = "ConstantOfShape", ["wide"]
            del node.attribute[:]


def mutants(count, seed=0):
    """count files' bytes."""
    rng, models = random.Random(seed), originals()
    whole = [model.SerializeToString() for model in models]
    for number in range(count):
        model = onnx.ModelProto()
        model.CopyFrom(rng.choice(models))
        for _ in range(rng.choice((1, 1, 1, 2))):
            change(model, rng)
        data = model.SerializeToString()
        yield bytes(mutated(data, whole, rng)) if number % 6 == 5 else data


def outcome(data, path):
    """ "explained", "refused", or what else happened."""
    Path(path).write_bytes(data)
    try:
        net = describe(load(path), "mutant")
        x = np.full(net.description.example, 0.5, np.float32)
        if (
            x.ndim == 4
            and net.description.kind in ("classes", "labels", "yes or no", "number")
            and net.card.layer
        ):
            explain(net, x, None, ["grad_cam", "saliency"])
        return "explained"
    except Error as error:
        said = str(error)
        return "refused" if "\n" not in said and len(said) < 1500 else f"a sentence of {len(said)} letters"
    except _Slow:
        return f"more than {SLOW} s"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:80]}"


class _Slow(BaseException):
    pass


def _ring(*_):
    raise _Slow


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _ring)
    resource.setrlimit(
        resource.RLIMIT_DATA, (MEMORY + 2**29,) * 2
    )  # what the interpreter and its libraries have
    counts, first = Counter(), {}
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(mutants(args.inputs, args.seed)):
            signal.setitimer(signal.ITIMER_REAL, SLOW)
            found = outcome(data, Path(folder) / "mutant.onnx")
            signal.setitimer(signal.ITIMER_REAL, 0)
            counts[found] += 1
            first.setdefault(found, number)
    for found, count in counts.most_common():
        print(f"{count:>8}  {found}  (first: {first[found]})")
    return 1 if set(counts) - {"explained", "refused"} else 0


if __name__ == "__main__":
    sys.exit(main())
