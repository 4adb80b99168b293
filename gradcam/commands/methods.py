"""gradcam methods: the names that --method takes."""

from gradcam.commands._parser import described

DESCRIPTION = """\
List the explanation methods: what each one asks, the paper it comes from, and its cost: how often it runs the
network forward and backward for one class (A: the K feature maps of a layer).
"""
EXAMPLES = """\
Upper and lower case, hyphens and underscores do not matter: grad_cam, Grad-CAM and gradcam are one method.

Examples:
  gradcam methods
  gradcam methods --seconds
      also measure how long each takes on the built-in picture, and how many times as long as Grad-CAM
  gradcam explain photo.jpg --method grad_cam grad_cam++ layercam score_cam
  gradcam explain photo.jpg --method lrp_epsilon lrp_gamma lrp_z_box
"""
VARIANTS_SAY = (
    "Variants, of any method that they suit, and of one another: guided_layercam, vargrad_saliency, "
    "aug_smooth_eigen_smooth_grad_cam"
)


def register(subparsers):
    brief = "list the methods: what each asks, its paper, its cost"
    parser = described(subparsers, "methods", brief, DESCRIPTION, EXAMPLES)
    parser.add_argument("--seconds", action="store_true", help="also measure each on the built-in picture")
    parser.set_defaults(run=run)


def run(args):
    from gradcam.commands._printing import say, say_table
    from gradcam.methods import METHODS, VARIANTS

    took = measured() if args.seconds else {}
    head = ("method", "what it asks", "paper", "passes of the network")
    rows = [(name, m.question, m.paper, m.cost, *took.get(name, ())) for name, m in METHODS.items()]
    say_table([(*head, "seconds", "Grad-CAMs") if took else head, *rows])
    say("", VARIANTS_SAY)
    of = [f"{sum(v.of(m) for m in METHODS.values())} methods" for v in VARIANTS.values()]
    lines = [(f"{n}_METHOD", v.question, v.paper, v.cost, at) for (n, v), at in zip(VARIANTS.items(), of)]
    say_table([("variant", *head[1:], "of"), *lines])
    return 0


def measured():
    """{method: (seconds, how many times Grad-CAM's)}: the best of some runs on the built-in picture."""
    from gradcam.commands._scene import KINDS, SCENE_NETWORK, built_in
    from gradcam.image import prepare
    from gradcam.measure.study.cost import seconds
    from gradcam.methods import METHODS
    from minicnn import Tensor
    from weights import load

    net = load(SCENE_NETWORK)
    x, c = prepare(built_in(), net.card.preprocessing), net.card.classes.index(KINDS[0])
    y = net(Tensor(x))
    took = {name: seconds(net, x, c, name)[0] for name, method in METHODS.items() if method.fits(y)}
    said = {name: (f"{t:.3f}", f"{t / took['grad_cam']:.1f}") for name, t in took.items()}
    return {name: said.get(name, ("does not apply",)) for name in METHODS}
