"""SqueezeNet on the 40 sample photos: minicnn against PyTorch, float64 and float32.  python -m
tests.squeezenet_against_pytorch"""

from tests.support import squeezenet_agreement as agreement
from tests.support.agreement import MAPS
from tests.support.photos import for_squeezenet, samples
from tests.support.report import Report, median, worst


def main():
    report = Report(
        "squeezenet_against_pytorch",
        "SqueezeNet v1.0, published weights: relative L2 distance from PyTorch float64 (independent code), "
        "40 ImageNet photos",
        ["numpy", "torch"],
    )
    double, single, exact, replayed, theirs, tied = [], [], [], [], [], []
    for path in samples():
        x = for_squeezenet(path)
        truth, run = agreement.reference(x)
        (tied if run.ties else double).append(agreement.double(x, truth, run, replay=bool(run.ties)))
        single.append(agreement.single(x, truth, run))
        exact.append(agreement.single(x, truth, run, precision="exact"))
        replayed.append(agreement.single(x, truth, run, replay=True))
        theirs.append(agreement.single_theirs(x, truth, run))
        print(path.stem, "tied:" if run.ties else "no ties", *run.ties, flush=True)
    report.say()
    report.say(
        f"float64: {len(double)} photos without ties as they are, {len(tied)} with ties through PyTorch's "
        "gates and switches"
    )
    report.table(
        ["worst", "without ties", "with ties"],
        {name: [worst(double)[name], worst(tied)[name]] for name in double[0]},
    )
    report.say("float32, 40 photos; replayed: through the gates and switches of PyTorch float64")
    report.say(
        "median: convolutions as they come, 3x3 by Winograd; exact: net.compute('exact'), without Winograd"
    )
    columns = [worst(replayed), worst(single), median(single), median(exact), median(theirs)]
    head = ["", "worst replayed", "worst", "median", "median exact", "PyTorch median"]
    report.table(head, {name: [column[name] for column in columns] for name in columns[0]})

    for name, ours in (("float32", columns[2]), ("float32 exact", columns[3])):
        ratios = ", ".join(f"{m} {ours[m] / columns[4][m]:.2f}" for m in MAPS)
        report.say(f"median distance, minicnn {name} / PyTorch float32: {ratios}")
    without_kinks = [name for name in columns[0] if name == "scores" or name.startswith("Grad-CAM")]
    limit = {m: 3 * columns[4][m] for m in MAPS}
    claims = {
        "float64 within 1e-10 on at least 8 photos without ties": len(double) >= 8
        and max(worst(double).values()) <= 1e-10,
        "float64 within 1e-10 on every photo with ties, replayed": tied
        and max(worst(tied).values()) <= 1e-10,
        "float32 scores and Grad-CAM within 1e-4": max(columns[1][name] for name in without_kinks) <= 1e-4,
        "float32 maps within 1e-4, replayed": max(columns[0][name] for name in MAPS) <= 1e-4,
        "float32: maps no further from float64 than 3 x PyTorch float32, medians": all(
            columns[2][m] <= limit[m] for m in MAPS
        ),
        "float32 exact: no further than that, medians": all(columns[3][m] <= limit[m] for m in MAPS),
    }
    for claim, holds in claims.items():
        report.say(f"{'holds' if holds else 'FAILS'}: {claim}")
    report.save()
    raise SystemExit(not all(claims.values()))


if __name__ == "__main__":
    main()
