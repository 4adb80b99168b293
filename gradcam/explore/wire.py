"""What page and engine say to each other: questions as JSON, answers as JSON and the bytes of their arrays.

answers    the length of the JSON (four bytes, little end first), the JSON, and from the next multiple of
           8 on the arrays; in the JSON an array is {its kind: [first byte after that, how many numbers]}
"""

from __future__ import annotations

import base64
import json
import math
import re
from typing import Any

import numpy as np

from gradcam.explore.errors import ExploreError

MOST_QUESTIONS = 128  # at a time
SESSION = re.compile(r"[a-z0-9]{4,32}")
KINDS = {"float32": "<f4", "float64": "<f8", "int8": "i1"}


def understood(body: bytes | str) -> tuple[str, list[Any]]:
    """-> (who asks, [(question, its arguments)]).  ExploreError for anything else."""
    try:
        given = json.loads(body, parse_constant=_no_number)
        reader, questions = given["session"], given["questions"]
    except (ValueError, KeyError, TypeError, RecursionError, UnicodeDecodeError):
        raise ExploreError("questions are JSON: {session, questions}") from None
    if not isinstance(reader, str) or not SESSION.fullmatch(reader):
        raise ExploreError("a session has a name of letters and digits")
    if not isinstance(questions, list) or not 0 < len(questions) <= MOST_QUESTIONS:
        raise ExploreError(f"give 1 to {MOST_QUESTIONS} questions")
    return reader, [_question(one) for one in questions]


def packed(answers: list[Any]) -> bytes:
    """Answers as bytes.  ValueError: a number that is not finite, or something that is not sent."""
    arrays: list[bytes] = []
    size = 0

    def place(value):
        nonlocal size
        if isinstance(value, np.generic):
            return value.item()
        if not isinstance(value, np.ndarray) or value.dtype.name not in KINDS:
            raise ValueError(f"{type(value).__name__} is not sent")
        raw = np.ascontiguousarray(value, KINDS[value.dtype.name]).tobytes()
        arrays.append(raw + bytes(-len(raw) % 8))
        at, size = size, size + len(arrays[-1])
        return {value.dtype.name: [at, value.size]}

    said = json.dumps({"answers": answers}, default=place, allow_nan=False).encode()
    said += b" " * (-(4 + len(said)) % 8)
    return b"".join([len(said).to_bytes(4, "little"), said, *arrays])


def _question(one):
    if not (isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) and isinstance(one[1], dict)):
        raise ExploreError("a question is a name and its arguments")
    name, arguments = one
    if any(isinstance(v, float) and not math.isfinite(v) for v in arguments.values()):
        raise ExploreError("a question has finite numbers")
    pixels = arguments.get("pixels")
    if isinstance(pixels, dict):
        try:
            arguments = arguments | {
                "pixels": np.frombuffer(base64.b64decode(pixels["bytes"], validate=True), np.uint8)
            }
        except (KeyError, TypeError, ValueError):
            raise ExploreError("a picture is {bytes: its RGB in base64}") from None
    return name, arguments


def _no_number(word):
    raise ValueError(word)
