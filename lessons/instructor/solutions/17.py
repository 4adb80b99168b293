"""Lesson 17: right solutions, and wrong ones of the right shape."""

import numpy as np


def relu(g):
    return np.maximum(g, 0)


def fire(g, E1, E3, S):
    one, three = np.split(relu(g), [len(E1)])
    return relu(one @ E1 + three @ E3) @ S


def fire_as_one(g, E1, E3, S):
    return S.T @ np.clip(np.vstack([E1, E3]).T @ np.where(g > 0, g, 0), 0, None)


def block(g, U, V):
    h = relu(g)
    return relu(h @ V) @ U + h


def block_as_sum(g, U, V):
    h = g * (g > 0)
    branch = V.T @ h
    branch[branch < 0] = 0
    return sum([h, U.T @ branch])


def simulated_exactly(p, squeeze, fires):
    alive, dead = 1.0, 0.0
    for _ in range(fires):
        dead += alive * p**squeeze
        alive *= 1 - p**squeeze
    return dead


SOLUTIONS = {
    "17.1": {
        "right": [fire, fire_as_one],
        "wrong": {
            "no ReLU at the output": lambda g, E1, E3, S: relu(g[:4] @ E1 + g[4:] @ E3) @ S,
            "no ReLU at the squeeze": lambda g, E1, E3, S: (relu(g[:4]) @ E1 + relu(g[4:]) @ E3) @ S,
            "branches exchanged": lambda g, E1, E3, S: fire(g, E3, E1, S),
            "one branch forgotten": lambda g, E1, E3, S: relu(relu(g[:4]) @ E1) @ S,
            "expands transposed": lambda g, E1, E3, S: fire(g, E1.T, E3.T, S),
            "squeeze transposed": lambda g, E1, E3, S: fire(g, E1, E3, S.T),
            "ReLU at the input, too": lambda g, E1, E3, S: relu(fire(g, E1, E3, S)) + 1e-3,
            "ReLU of each branch": lambda g, E1, E3, S: (
                (relu(relu(g[:4]) @ E1) + relu(relu(g[4:]) @ E3)) @ S + 1e-4
            ),
        },
    },
    "17.2": {
        "right": [block, block_as_sum],
        "wrong": {
            "no shortcut": lambda g, U, V: relu(relu(g) @ V) @ U,
            "no branch": lambda g, U, V: relu(g),
            "shortcut without its ReLU": lambda g, U, V: relu(relu(g) @ V) @ U + g,
            "no ReLU in the branch": lambda g, U, V: relu(g) @ V @ U + relu(g),
            "ReLU of the sum": lambda g, U, V: relu(block(g, U, V)) + 1e-3,
            "transposed": lambda g, U, V: block(g, U.T, V.T),
            "U and V exchanged": lambda g, U, V: block(g, V, U),
        },
    },
    "17.3": {
        "right": [lambda p, s, f: 1 - (1 - p**s) ** f, simulated_exactly],
        "wrong": {
            "one module only": lambda p, s, f: p**s,
            "times the modules": lambda p, s, f: f * p**s,
            "all modules": lambda p, s, f: (p**s) ** f,
            "survives": lambda p, s, f: (1 - p**s) ** f,
            "of positive numbers": lambda p, s, f: 1 - (1 - (1 - p) ** s) ** f,
            "at least one negative": lambda p, s, f: 1 - ((1 - p) ** s) ** f,
        },
    },
}
