"""How the lessons' tables are made: a run that was killed goes on, and a table says its own command."""

import argparse

import numpy as np
import pytest

from lessons.measured import class_dependence, import_mistakes
from lessons.measured.cases import arguments, cases, command, measured
from lessons.scenes import network


def test_a_killed_run_goes_on_with_what_is_kept(tmp_path):
    kept, asked = tmp_path / "kept.jsonl", []

    def f(case):
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(case)
        return {"value": case / 3}

    with pytest.raises(KeyboardInterrupt):
        measured("a table", f, [1, 2, 3, 4], kept)
    kept.write_text(kept.read_text() + '{"of": "a table", "n": 2, "fou')  # cut off in the middle of a line
    found = measured("a table", lambda case: {"value": -case}, [1, 2, 3, 4], kept)
    assert found == [{"value": 1 / 3}, {"value": 2 / 3}, {"value": -3}, {"value": -4}]
    assert measured("another", lambda case: case, [1, 2], kept) == [1, 2] == measured("", int, [1, 2], None)
    assert measured("a table", f, [1, 2, 3], kept) == found[:3]


def test_a_table_says_its_command_without_the_name_of_a_file():
    parser = argparse.ArgumentParser()
    arguments(parser)
    told = [
        command("python -m x --data FOLDER", parser, parser.parse_args(given.split()))
        for given in ("--data there --kept k", "--networks shapes vgg16_gap=/my/file.onnx --pictures 7")
    ]
    assert told[0] == "python -m x --data FOLDER"
    assert told[1] == "python -m x --data FOLDER --networks shapes vgg16_gap=FILE --pictures 7"


def test_two_classes_of_one_map_are_the_same_and_a_zero_map_is_unlike():
    M, on = np.random.default_rng(0).random((8, 8)), np.eye(8, dtype=bool)
    assert np.allclose(class_dependence.alike(M, 2 * M, on), 1)
    assert class_dependence.alike(M, np.zeros((8, 8)), on) == (0.0,) * 4


def test_mistakes_of_an_import_change_what_the_network_sees_and_the_right_one_nothing():
    net = network()
    (case,) = cases(net, None, 1)
    found = import_mistakes.judged(import_mistakes.mistakes(net), case)
    assert found.pop("right")[1] == 0 and len(found) == 5
    assert all(off > 0.05 for _, off in found.values())
    pixels = case.x * 0.25 + 0.5
    turned = net(np.ascontiguousarray((pixels[:, ::-1] - 0.5) / 0.25, np.float32))
    off = np.linalg.norm(turned - net(case.x)) / np.linalg.norm(net(case.x))
    assert found["colours exchanged"][1] == pytest.approx(off, rel=1e-4)
