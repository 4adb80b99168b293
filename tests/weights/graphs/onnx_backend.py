"""ONNX's own node tests, for every operator that minicnn knows: `python -m
tests.weights.graphs.onnx_backend` prints what became of each, and keeps it in
tests/results/onnx_backend.txt.

Each test is run as the package defines it, in the newest version of its operator, and, wherever ONNX's
version converter can write it down for an older operator set, in each of 8 to 21 as well: the expected
outputs stay the same.  What PyTorch's first exporter wrote, in operator sets 6 to 9, comes with the package
too.  Every test is run with arrays, and again with tensors where signals may flow.  "Not applicable" is a
test that asks for what minicnn says it does not do; the reason is what it says.
"""

import importlib
import pkgutil
import tempfile
import warnings
from collections import Counter, defaultdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from minicnn import Tensor
from tests.support.report import RESULTS, Report
from weights import WeightsError
from weights.graphs.onnx.model import read
from weights.graphs.onnx.network import Network
from weights.graphs.onnx.operators import OPERATORS

OPSETS = range(8, 22)
NUMPYS = {name for name, kind in np.sctypeDict.items() if kind.__module__ == "numpy"}
# chains of float16 steps: halves are computed in float32 here, so the last unit may differ
ROUNDED_STEP_BY_STEP = {
    "test_attention_4d_causal_fp16_expanded",
    "test_causal_conv_with_state_silu_fp16_expanded",
}
PASSED, FAILED, NOT_APPLICABLE = "passed", "failed", "not applicable"


def cases():
    """The package's tests of the operators in OPERATORS, alone or in combination."""
    import onnx.backend.test.case.node as node

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in pkgutil.iter_modules(node.__path__):
            importlib.import_module(f"{node.__name__}.{module.name}")
    return [
        c
        for c in node._NodeTestCases + _exported()
        if c.model and all(n.op_type in OPERATORS for n in c.model.graph.node)
    ]


def _exported():
    """The package's single operators as PyTorch's first exporter wrote them, in operator sets 6 to 9."""
    import onnx
    from onnx.backend.test.loader import load_model_tests

    found = []
    for case in load_model_tests(kind="pytorch-converted") + load_model_tests(kind="pytorch-operator"):
        sets = [[[_array(p) for p in sorted(d.glob(f"{kind}_*.pb"))] for kind in ("input", "output")]
                for d in sorted(Path(case.model_dir).glob("test_data_set_*"))]  # fmt: skip
        model = onnx.load(f"{case.model_dir}/model.onnx")
        found.append(
            SimpleNamespace(name=case.name, model=model, data_sets=sets, rtol=case.rtol, atol=case.atol)
        )
    return found


def _array(path):
    import onnx

    return _array_of(onnx.load_tensor(path))


def _array_of(value):
    from onnx import TensorProto, numpy_helper

    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def versions(case, opsets):
    """(operator set, model): the test's own, and every older one that the converter can write."""
    from onnx import version_converter

    own = case.model.opset_import[0].version
    yield own, case.model
    oldest = (
        13 if any(n.op_type in ("Softmax", "LogSoftmax") for n in case.model.graph.node) else 0
    )  # the converter ignores their change
    for version in opsets:
        if version != own and version >= oldest:
            try:
                yield version, version_converter.convert_version(case.model, version)
            except Exception:  # whatever the converter lacks is not ours
                continue


def outcome(case, model, folder):
    """(PASSED | FAILED | NOT_APPLICABLE, reason)"""
    path = Path(folder) / "model.onnx"
    path.write_bytes(model.SerializeToString())
    try:
        reasons = [_check(case, path, model, inputs, expected) for inputs, expected in case.data_sets]
    except WeightsError as error:
        return NOT_APPLICABLE, _reason(str(error))
    except Exception as error:
        return FAILED, f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"
    return PASSED, reasons[0]


def _check(case, path, model, inputs, expected):
    """'', or, if it passes with arrays, why it is not supported with tensors.

    WeightsError: not supported at all.
    """
    if case.name in ROUNDED_STEP_BY_STEP:
        raise WeightsError("the expected numbers are rounded to float16 at every step")
    if any(isinstance(v, (list, type(None))) for v in (*inputs, *expected)):
        raise WeightsError("sequences and optional values are not supported")
    inputs, expected = [_array_of(v) for v in inputs], [_array_of(v) for v in expected]
    known = np.sctypeDict if case.name.startswith("test_cast") else NUMPYS
    strange = [v.dtype for v in (*inputs, *expected) if v.dtype.name not in known]
    if strange:
        raise WeightsError(f"numbers of type {strange[0]} are not supported")
    net = Network(read(path))
    given = dict(zip([i.name for i in model.graph.input], inputs))
    _compare(case, net.run(given), expected)
    signals = {
        n: Tensor(v, n) if v.dtype in (np.float32, np.float64) and n in _signals(net) else v
        for n, v in given.items()
    }
    try:
        _compare(case, [v.data if isinstance(v, Tensor) else v for v in net.run(signals)], expected)
    except WeightsError as error:
        return f"for numbers only: {_reason(str(error))}"
    return ""


def _signals(net):
    """Values that arrive where signals may: not at the settings of an operator."""
    settings = {value for node in net.nodes for kind, _, value in node.slots if kind == "setting"}
    return {value for node in net.nodes for kind, _, value in node.slots if kind == "value"} - settings


def _compare(case, found, expected):
    assert len(found) == len(expected), f"{len(found)} outputs instead of {len(expected)}"
    for y, e in zip(found, expected):
        assert y.shape == e.shape, f"shape {y.shape} instead of {e.shape}"
        assert y.dtype == e.dtype or case.name.startswith("test_cast"), f"type {y.dtype} instead of {e.dtype}"
        np.testing.assert_allclose(y, e, rtol=case.rtol, atol=case.atol)


def _reason(message):
    """The message without the names of this very node and file."""
    for mark in ("): ", "(ONNX): "):
        message = message.rpartition(mark)[2]
    return message


def run(opsets=OPSETS, only=None):
    """{(operator, outcome): count}, and for what did not pass:

    {(operator, outcome, reason): [test@operator set, ...]}.
    """
    counts, reasons = Counter(), defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in cases():
            for version, model in versions(case, opsets):
                operator = (
                    " ".join(dict.fromkeys(n.op_type for n in model.graph.node if n.op_type != "Constant"))
                    or "Constant"
                )
                operator = operator if " " not in operator else "combinations"
                result, reason = outcome(case, model, folder)
                counts[operator, result] += 1
                if reason:
                    reasons[operator, result, reason].append(f"{case.name}@{version}")
    return counts, reasons


def main():
    report = Report(
        "weights.graphs.onnx_backend",
        "ONNX's own node tests, in operator sets 8 to 21 and the tests' own",
        ["onnx", "numpy"],
    )
    report.file = RESULTS / "onnx_backend.txt"
    report.say()
    counts, reasons = run()
    report.say(f"{'operator':<22}{PASSED:>10}{FAILED:>10}{NOT_APPLICABLE:>18}")
    columns = ((PASSED, 10), (FAILED, 10), (NOT_APPLICABLE, 18))
    total = Counter()
    for (_, result), n in counts.items():
        total["all", result] += n
    for operator in [*sorted({o for o, _ in counts}), "all"]:
        report.say(f"{operator:<22}" + "".join(f"{(counts + total)[operator, o]:>{w}}" for o, w in columns))
    report.say()
    for (operator, result, reason), tests in sorted(reasons.items()):
        report.say(
            f"{result}: {operator}: {reason} ({len(tests)}: {tests[0]}{', ...' if len(tests) > 1 else ''})"
        )
    report.save()
    return 1 if total["all", FAILED] else 0


if __name__ == "__main__":
    raise SystemExit(main())
