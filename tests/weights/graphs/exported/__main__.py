"""Every kind beside onnxruntime, whose outputs are kept in outputs.json for the tests:
python -m tests.weights.graphs.exported
"""

from __future__ import annotations

import json
import pathlib
import tempfile

import onnxruntime

from tests.weights.graphs.exported import KINDS, Kind
from tests.weights.graphs.exported.checked import RIGHT, found, part, problems
from tests.weights.graphs.exported.kinds import values
from tests.weights.graphs.onnx_kinds import reference


def outputs(kind: Kind, path: pathlib.Path) -> tuple[dict, str]:
    """({output: array}, who gave them): onnxruntime, of the twin if there is one, or ONNX's own
    implementation, where the runtime lacks something.
    """
    for graph, who in ((kind.twin, "onnxruntime, of its twin"), (kind.net, "onnxruntime")):
        if graph is None:
            continue
        try:
            graph.save(path, kind.opset if graph is kind.net else 20)
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            given = session.run(None, values(kind))
            return dict(zip([o.name for o in session.get_outputs()], given)), who
        except Exception:  # whatever the runtime lacks
            continue
    return reference(kind.net, values(kind), kind.opset), "ONNX's own implementation"


def main() -> int:
    onnxruntime.set_default_logger_severity(4)
    right, kept = 0, {}
    for name, make in KINDS.items():
        kind = make()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "net.onnx")
            opened = found(kind, path)
            theirs, who = (
                ({}, "") if isinstance(opened, str) else outputs(kind, path.with_name("theirs.onnx"))
            )
        told = problems(kind, opened, theirs)
        kept[name] = {output: part(array) for output, array in theirs.items() if "int" not in str(array.dtype)
                      or output.endswith("_q")}  # fmt: skip
        right += not told
        if told or who not in ("", "onnxruntime"):
            print(f"{name}: {'; '.join(told) or who}")
    RIGHT.write_text(json.dumps(kept).replace('}}, "', '}},\n"') + "\n", "utf-8")
    print(f"{right} of {len(KINDS)} as expected")
    return right < len(KINDS)


if __name__ == "__main__":
    raise SystemExit(main())
