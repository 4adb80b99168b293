"""The matrix: what became of every model, and of every family, live and as ONNX."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

EQUAL = 1e-10  # live, float64
EQUAL_SCORES = 1e-5  # as ONNX, float32, against onnxruntime
TELLS = 1e-3  # of the scores of float32: further from float64, they say nothing


def page(live: list[dict], onnx: list[dict]) -> str:
    """The rows of both files -> Markdown."""
    tried = [r for r in live if r["kind"] not in ("larger", "failed")]
    parts = [_head(), _families(live), _onnx_families(onnx), _borrowed(tried), _apart(tried), _said(live)]
    return "\n".join(line for part in [*parts, _every(live, onnx)] for line in part) + "\n"


def _head():
    return [
        "# Published architectures",
        "",
        "`python -m tests.zoo`: weights drawn at random. *Ours*: every operator is one of the reference's;",
        "live, in float64, scores, saliency and Grad-CAM (its map before the ReLU) are PyTorch's to",
        f"{EQUAL:.0e} relative L2, or to ten times what PyTorch's own answer moves by when every pixel is",
        "rounded once. *Guided*: right to 1e-8, or that, where all activations have a guided rule; else",
        "refused, with the name of one that has none. *Larger*: than --largest so far, not tried.",
        "*Failed*: the model itself does not run here, or not in its memory or time. A run goes on where the",
        "last one stopped: what is not listed has not been tried yet.",
        "",
    ]


def _families(live):
    found = defaultdict(list)
    for r in live:
        found[family(r)].append(r)
    lines = ["| family | models | tried | ours | with fallback | wrong or refused | guided right | refused |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, rows in [*sorted(found.items()), ("**all**", live)]:
        tried = [r for r in rows if r["kind"] not in ("larger", "failed")]
        kinds = Counter(map(verdict, tried))
        guided = Counter(map(guided_verdict, tried))
        share = f"{kinds['ours']} ({100 * kinds['ours'] / len(tried):.0f} %)" if tried else "-"
        wrong = kinds["wrong"] + guided["wrong"]
        lines.append(
            f"| {name} | {len(rows)} | {len(tried)} | {share} | {kinds['with fallback']} | {wrong} "
            f"| {guided['right']} | {guided['refused']} |"
        )
    return [*lines, ""]


def _onnx_families(onnx):
    if not onnx:
        return []
    found = defaultdict(list)
    for r in onnx:
        found[r["group"], r["exporter"]].append(r)
    lines = [
        f"As ONNX, float32, scores against onnxruntime's to {EQUAL_SCORES:.0e} relative L2, or no further",
        f"from float64's than three times onnxruntime's own, if that is within {TELLS:.0e} (beyond, float32",
        "says nothing of a model, and it does not count as equal):",
        "",
        "| family | exporter | exported | taken | scores equal |",
        "|---|---|---|---|---|",
    ]
    for (group, exporter), rows in [*sorted(found.items()), *_both(onnx)]:
        made = [r for r in rows if r["kind"] not in ("not exported", "not finite")]
        taken = [r for r in made if "scores" in r]
        equal = [r for r in taken if equal_scores(r)]
        lines.append(f"| {group} | {exporter} | {len(made)} of {len(rows)} | {len(taken)} | {len(equal)} |")
    return [*lines, ""]


def _both(onnx):
    for exporter in sorted({r["exporter"] for r in onnx}):
        yield ("**all**", exporter), [r for r in onnx if r["exporter"] == exporter]


def _borrowed(tried):
    operators, models = Counter(), Counter()
    for r in tried:
        operators.update(r.get("borrowed", {}))
        models.update(r.get("borrowed", {}).keys())
    if not operators:
        return ["No operator of any model is PyTorch's own.", ""]
    lines = ["| operator that is PyTorch's own | models | times |", "|---|---|---|"]
    return [*lines, *(f"| {name} | {models[name]} | {n} |" for name, n in operators.most_common()), ""]


def _apart(tried):
    """What differs by more, and how far PyTorch's own answer moves."""
    rows = [
        (r["name"], key, r[key], moved) for r in tried for key, moved in r.get("conditioning", {}).items()
    ]
    if not rows:
        return []
    lines = ["| conditioning | of | differs by | PyTorch's own moves by |", "|---|---|---|---|"]
    return [*lines, *(f"| {name} | {key} | {d:.0e} | {moved:.0e} |" for name, key, d, moved in rows), ""]


def _said(live):
    said = [r for r in live if r["kind"] != "equal" and r["kind"] != "larger"]
    lines = ["| model | answer | says |", "|---|---|---|"]
    lines += [f"| {r['name']} | {r['kind']} | {r.get('says', '')} |" for r in said]
    lines += [
        f"| {r['name']} | {r['kind']} | PyTorch's guided backprop is wrong for one picture alone, by "
        f"{100 * r['guided_alone']:.0f} %; for two it is the reference's |"
        for r in live
        if "guided_alone" in r and r["guided"] <= 1e-8
    ]
    return [*lines, ""]


def _every(live, onnx):
    exported = defaultdict(dict)
    for r in onnx:
        exported[r["name"]][r["exporter"]] = r
    lines = [
        "| model | family | parameters | input | scores | saliency | Grad-CAM | guided | borrowed | seconds "
        "| ONNX, dynamo | ONNX, legacy |",
        "|---" * 12 + "|",
    ]
    for r in sorted(live, key=lambda r: r["name"]):
        cells = [r["name"], family(r), f"{r['parameters'] / 1e6:.1f} M" if "parameters" in r else ""]
        cells += [r.get("input", r["kind"]), *(_number(r.get(k)) for k in ("scores", "saliency", "grad_cam"))]
        cells += [_number(r.get("guided")), ", ".join(f"{k} x{n}" for k, n in r.get("borrowed", {}).items())]
        cells += [str(r.get("seconds", ""))]
        cells += [_as_onnx(exported[r["name"]].get(e)) for e in ("dynamo", "legacy")]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def equal_scores(row: dict) -> bool:
    """As ONNX: onnxruntime's scores, or no further from float64's than three times onnxruntime's; where those
    are beyond `TELLS` themselves, nothing has been compared.
    """
    exact = row.get("exact", {"ours": 1, "onnxruntime": 0})
    near = exact["ours"] <= 3 * exact["onnxruntime"] <= 3 * TELLS
    return row["scores"] <= EQUAL_SCORES or near


def family(row: dict) -> str:
    """timm's models by what they compute with."""
    if row["group"] != "timm" or "convolutions" not in row:
        return row["group"]
    if not row["convolutions"]:
        return "timm transformer"
    return "timm hybrid" if row["products"] else "timm CNN"


def verdict(row: dict) -> str:
    if row["kind"] == "refused" or any(_wrong(row, key) for key in ("scores", "saliency", "grad_cam")):
        return "wrong"
    return "with fallback" if row["borrowed"] else "ours"


def guided_verdict(row: dict) -> str:
    if "guided" not in row:
        return "none"
    if isinstance(row["guided"], str):
        return "refused"
    return "right" if row["guided"] <= max(1e-8, 10 * row.get("guided_conditioning", 0)) else "wrong"


def _wrong(row, key):
    value = row.get(key)
    allowed = max(EQUAL, 10 * row.get("conditioning", {}).get(key, 0))
    return not isinstance(value, (str, type(None))) and value > allowed


def _number(value):
    if value is None:
        return ""
    if isinstance(value, str):
        refused = re.match(r"(\w+) '|.*matches the table \(ReLU\)(?:, but (.*) is there)?: if", value)
        return value if refused is None else refused[1] or refused[2] or "no ReLU"
    return f"{value:.0e}"


def _as_onnx(row):
    return "" if row is None else f"{row['scores']:.0e}" if "scores" in row else row["says"][:60]
