"""gradcam explore: a page in which one follows a signal back through a network, layer by layer."""

import argparse
import contextlib
import html
import os
import shutil
import sys
import tempfile
import webbrowser
from pathlib import Path

from gradcam.commands import _model, _model_options, _places
from gradcam.commands._parser import described
from gradcam.commands._scene import SCENE, SCENE_NETWORK

PHOTO_NETWORK = "squeezenet"
SCENES = (SCENE, 7, 3, 11, 5)  # of the stream `test`, which no training saw
DESCRIPTION = """\
Explore a network in the browser: send a signal back from a class, or from any unit that you click, and watch
it come to the pixels under the rules of backprop, deconvnet and guided backprop side by side.  Every number
shows its equation, with the numbers put in.  Draw on the picture, cover it, make layers random, and build up
Grad-CAM map by map.

The page is served to this machine alone, until you press Ctrl+C.  With --out it is one file instead, which
computes by itself and can be given away.
"""
EXAMPLES = """\
Examples:
  gradcam explore
      scenes of drawn shapes, and a small network that knows eight kinds of them
  gradcam explore photo.jpg
      your photo, and SqueezeNet, which knows the 1000 classes of ImageNet
  gradcam explore photo.jpg --onnx model.onnx
      a network of your own
  gradcam explore --out page.html
      the page as one file, 0.8 MB: opens by a double click, without this program and without a network
"""


def register(subparsers: argparse._SubParsersAction) -> None:
    """Describe the command."""
    brief = "follow a signal back through a network, in the browser"
    parser = described(subparsers, "explore", brief, DESCRIPTION, EXAMPLES)
    parser.add_argument(
        "photo", metavar="PHOTO", nargs="?", help="a picture file; without one, built-in ones"
    )
    network = f"see: gradcam weights list; default: {SCENE_NETWORK}, or {PHOTO_NETWORK} for a photo"
    parser.add_argument("--network", metavar="NAME", help=network)
    parser.add_argument(
        "--weights", metavar="FILE", help="the network's weights; default: the published file"
    )
    layer = "the layer whose feature maps Grad-CAM weighs; default: the network's own"
    parser.add_argument("--layer", metavar="NAME", help=layer)
    parser.add_argument("--out", metavar="FILE.html", help="write the page to this file, and serve nothing")
    parser.add_argument(
        "--no-browser", action="store_true", help="print the page's address, and open nothing"
    )
    parser.add_argument("--port", metavar="NUMBER", type=_port, default=0, help="default: one that is free")
    _model_options.options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the page, or serve it until it is interrupted."""
    from gradcam.commands._network import loaded, network_named
    from gradcam.commands._printing import say
    from gradcam.explore import page
    from gradcam.files import check_place, written

    _model_options.check(args)
    usual = PHOTO_NETWORK if args.photo else SCENE_NETWORK
    name = None if args.onnx else network_named(args.network or usual)
    if args.out:
        check_place(args.out, _places.inputs(args, but="out"))
    images = _images(args.photo, name)
    net = _model.network(args) if args.onnx else loaded(name, args.weights, bool(args.network))
    pictures = _shown(images, net.card)
    if not args.out:
        return _serve(net, pictures, args)
    whole = page(net, pictures, args.layer).encode()
    with written(args.out, _places.inputs(args, but="out")) as file:
        file.write(whole)
    say(f"The page of {net.card.title} is in {args.out} ({len(whole) / 1e6:.1f} MB): open it in a browser.")
    return 0


def _serve(net, pictures, args):
    from gradcam.commands._printing import say
    from gradcam.explore import ExploreError, Server, Session

    session = Session(net, layer=args.layer)
    try:
        server = Server(session, pictures, args.port)
    except OSError as error:
        raise ExploreError(f"port {args.port} cannot be listened at: {error.strerror or error}") from None
    folder = None
    with contextlib.closing(server), contextlib.suppress(KeyboardInterrupt):
        say(f"Explore {net.card.title} at\n  {server.address}\nCtrl+C ends it.")
        if not args.no_browser and sys.stdout.isatty():
            folder = _opened(server.address)
        server.serve_forever()
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _opened(address):
    """Open the page by way of a file that only its user can read: other users see what programs are given.
    -> the file's folder
    """
    folder = tempfile.mkdtemp(prefix="gradcam-")
    leads = Path(folder, "explore.html")
    leads.write_text(
        f'<!doctype html><meta http-equiv="refresh" content="0; url={html.escape(address)}">', "utf-8"
    )
    os.chmod(leads, 0o600)
    webbrowser.open(leads.as_uri())
    return folder


def _images(photo, network):
    """{what to call it: picture}"""
    from gradcam.asking import AskError
    from gradcam.commands._one import sample
    from gradcam.image import read
    from weights import card, classes
    from weights.recipes.shapes_world import scene

    if photo:
        return {os.path.basename(photo): read(photo)}
    if network == SCENE_NETWORK:
        return {f"scene {n}": scene(n, "test").picture for n in SCENES}
    if card(network).classes != classes("imagenet"):
        raise AskError(f"give a photo for {network} to look at: gradcam explore PHOTO --network {network}")
    return {"Grace Hopper": read(sample())}


def _shown(images, card):
    from gradcam.image import crop_shown

    return {name: crop_shown(image, card.preprocessing) for name, image in images.items()}


def _port(text):
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not '{text}'")
    return int(text)
