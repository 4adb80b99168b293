"""Configurations of Keras damaged at random: each is read and run, or refused in words.

python -m tests.weights.graphs.keras_fuzz [COUNT]
"""

from __future__ import annotations

import copy
import json
import random
import sys
from collections import Counter

import numpy as np

from minicnn import Error, Tensor
from tests.weights.graphs.keras_fixtures import read, weights
from weights.graphs.keras.graph import model
from weights.graphs.keras.operators import OPERATORS
from weights.graphs.onnx.checking import check_explainable
from weights.graphs.onnx.description import describe
from weights.graphs.onnx.network import Network
from weights.readers.keras_h5 import Contents

VALUES = [
    None,
    0,
    -1,
    1,
    3,
    10**9,
    2**70,
    1.5,
    float("nan"),
    "",
    "same",
    "relu",
    [],
    [0],
    [1, 2, 3],
    {},
    True,
    [[1]],
]


def damaged(value, draw):
    """One place of a configuration, changed."""
    if isinstance(value, dict) and value:
        key = draw.choice(sorted(value))
        what = draw.random()
        if what < 0.03:
            del value[key]
        elif what < 0.12:
            value[key] = copy.deepcopy(draw.choice(VALUES))
        else:
            value[key] = damaged(value[key], draw)
        return value
    if isinstance(value, list) and value:
        i = draw.randrange(len(value))
        if draw.random() < 0.05:
            value.append(value[i])
        else:
            value[i] = damaged(value[i], draw)
        return value
    return copy.deepcopy(draw.choice(VALUES))


def attempt(made: dict, ending: str, draw: random.Random) -> str:
    config = json.loads(json.dumps(made[ending]["config"]))
    for _ in range(draw.choice([1, 1, 2, 5])):
        config = damaged(config, draw)
    places = {name: (variable, shape) for name, variable, shape in made[ending]["arrays"]}
    stated = [
        f"{group}/{name}"
        for group, texts in made[ending]["attributes"].items()
        for name in texts.get("weight_names", ())
    ]
    arrays = {name: weights(*places[name]).astype(np.float32) for name in stated if name in places}
    texts = {"model_config": json.dumps(config), "keras_version": made["keras"]}
    try:
        graph = model(Contents(texts, arrays, arrays), False)
        check_explainable(graph)
        net = describe(Network(graph, OPERATORS), "damaged")
        net(Tensor(np.zeros(net.description.example, np.float32), "x"))
    except Error as error:
        said = str(error)
        if len(said) > 1000 or "\n" in said:
            raise AssertionError(said) from error
        return "refused"
    return "runs"


def main(count: int) -> Counter:
    draw, made, found = random.Random(1), read(), Counter()
    names = sorted(made)
    for i in range(count):
        found[attempt(made[names[i % len(names)]], ".h5", draw)] += 1
    return found


if __name__ == "__main__":
    print(dict(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)))
