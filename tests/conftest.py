"""What the machine lacks is skipped, with the reason."""

import importlib.util
import random

import pytest

from minicnn import device
from tests.support.data import DATA


def pytest_addoption(parser):
    parser.addoption("--order", type=int, metavar="SEED", help="tests in a random order: files, and inside")


def pytest_collection_modifyitems(config, items):
    seed = config.getoption("--order")
    if seed is not None:
        draw = random.Random(seed)
        files = list(dict.fromkeys(item.path for item in items))
        draw.shuffle(files)
        items.sort(key=lambda item: (files.index(item.path), draw.random()))
    missing = {"torch": no_torch(), "data": no_data(), "gpu": no_gpu()}
    for item in items:
        for marker, reason in missing.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def no_torch():
    found = all(importlib.util.find_spec(name) for name in ("torch", "captum"))
    return None if found else "PyTorch or Captum is not installed: pip install 'minicnn-gradcam[verify]'"


def no_data():
    return (
        None
        if (DATA / "weights").is_dir()
        else f"no real checkpoints and photos at {DATA}: set MINICNN_DATA to their folder"
    )


def no_gpu():
    try:
        device.gpu()
    except device.DeviceError as error:
        return str(error)
    return None
