"""The short fuzz run: two seconds per format.

The long one is `python -m tests.weights.readers.fuzz` (results: fuzz_results.md).
"""

import pytest

from tests.weights.readers import fuzz, samples
from weights.errors import WeightsError

FORMATS = samples.all_formats()
SECONDS = 2


@pytest.mark.parametrize("kind", FORMATS)
def test_mutated_files_are_read_correctly_or_refused(kind):
    tally = fuzz.fuzz(kind, FORMATS[kind], 1500, seed=1, seconds=SECONDS)
    assert not tally.other, tally.other[0]
    assert tally.correct and tally.refused and tally.correct + tally.refused == tally.inputs


@pytest.mark.parametrize("kind", ["keras_h5", "keras_zip"])
def test_mutated_hdf5_files_are_read_correctly_or_refused(kind):
    pytest.importorskip("h5py")
    tally = fuzz.fuzz(kind, samples.keras_formats()[kind], 8, seed=1)
    assert not tally.other, tally.other[0]


@pytest.mark.parametrize("error", [ValueError("bare"), RecursionError(), MemoryError(), SystemExit(1)])
def test_the_fuzz_run_notices_another_exception(monkeypatch, error):
    def reader(path):
        raise error

    monkeypatch.setattr(fuzz, "read", reader)
    assert len(fuzz.fuzz("npz", FORMATS["npz"], 3).other) == 3


def test_the_fuzz_run_notices_a_reader_that_hangs(monkeypatch):
    def reader(path):
        while True:
            pass

    monkeypatch.setattr(fuzz, "read", reader)
    monkeypatch.setattr(fuzz, "SLOW", 0.1)
    assert "still busy" in fuzz.fuzz("npz", FORMATS["npz"], 1).other[0][0]


def test_the_fuzz_run_notices_wrong_numbers(monkeypatch):
    right = fuzz.read

    def reader(path):
        arrays = {name: array + 1 for name, array in right(path).items()}
        for array in arrays.values():
            array.flags.writeable = False
        return arrays

    monkeypatch.setattr(fuzz, "read", reader)
    monkeypatch.setattr(fuzz, "EVERY", 1)
    tally = fuzz.fuzz("npz", FORMATS["npz"], 50, independent=True)
    assert any("differs" in wrong for wrong, _ in tally.other)


def test_the_fuzz_run_counts_refusals(monkeypatch):
    def reader(path):
        raise WeightsError("no")

    monkeypatch.setattr(fuzz, "read", reader)
    tally = fuzz.fuzz("npz", FORMATS["npz"], 5)
    assert (tally.refused, tally.correct, tally.other) == (5, 0, [])
