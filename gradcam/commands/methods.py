"""gradcam methods: the names that --method takes."""

import argparse

EXAMPLES = """\
Any name in this list is a method of gradcam explain and gradcam measure; case, hyphens and underscores do not matter.

  gradcam methods
  gradcam methods --seconds                     measure each on the built-in scene, beside Grad-CAM
  gradcam explain photo.jpg --method grad_cam grad_cam++ layercam score_cam
  gradcam explain photo.jpg --method lrp_epsilon lrp_gamma lrp_z_box
"""


def register(subparsers):
    raw = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser(
        "methods", help="list the methods: what each asks, its paper, its cost", epilog=EXAMPLES, formatter_class=raw,
        description="List the methods: what each asks, its paper, and how often the network is run for one class (A: the K feature maps).",
    )  # fmt: skip
    parser.add_argument(
        "--seconds", action="store_true", help="also measure how long each takes on the built-in scene"
    )
    parser.set_defaults(run=run)


def run(args):
    from gradcam.methods import METHODS

    seconds = measured() if args.seconds else {}
    rows = [(name, m.question, m.paper, m.cost, *seconds.get(name, ())) for name, m in METHODS.items()]
    head = (
        "method",
        "what it asks",
        "paper",
        "passes of the network",
        *(("seconds", "Grad-CAMs") if seconds else ()),
    )
    widths = [max(len(row[k]) for row in (head, *rows) if k < len(row)) for k in range(len(head))]
    for row in (head, *rows):
        print("  ".join(text.ljust(w) for text, w in zip(row, widths)).rstrip())
    return 0


def measured():
    """{method: (seconds, how many times Grad-CAM's)}, the best of some runs, each alone, on the built-in scene."""
    from gradcam.commands.explain import SCENE_NETWORK, _picture
    from gradcam.image import prepare
    from gradcam.measure.study.cost import seconds
    from gradcam.methods import METHODS
    from minicnn import GraphError
    from weights import load

    net = load(SCENE_NETWORK)
    image, kinds = _picture(None, SCENE_NETWORK)
    x, c = prepare(image, net.card.preprocessing), net.card.classes.index(kinds[0])
    took = {}
    for method in METHODS:
        try:
            took[method], _ = seconds(net, x, c, method)
        except GraphError:  # CAM asks for a certain end of the network
            took[method] = None
    return {
        m: (f"{t:.3f}", f"{t / took['grad_cam']:.1f}") if t else ("does not apply",) for m, t in took.items()
    }
