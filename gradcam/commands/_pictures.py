"""How the maps of one photo are drawn, or written as numbers."""

from pathlib import Path

from gradcam.commands._places import inputs, place

RAW = (".npz", ".npy")


def options(parser):
    """--upsampled, --overlays, --colormap, --alpha, --threshold."""
    larger = "with --out FILE.npz: maps of a layer are brought to the size of the network's input"
    parser.add_argument("--upsampled", action="store_true", help=larger)
    parser.add_argument(
        "--overlays", metavar="FOLDER", help="each map as a .png of its own, in this folder, too"
    )
    parser.add_argument(
        "--colormap", metavar="NAME", help="one of Matplotlib's; default: inferno, or blue to red"
    )
    covers = "how much a map covers its photo, 0 to 1; default: the more it says, the more it covers"
    parser.add_argument("--alpha", metavar="SHARE", type=float, help=covers)
    least = "nothing is drawn below this share of a map's maximum, 0 to 1; default: 0"
    parser.add_argument("--threshold", metavar="SHARE", type=float, default=0.0, help=least)


def out(args, default):
    """Where the panel goes, or the raw maps: --out FILE.npz, or .npy for a single map."""
    from gradcam.asking import AskError
    from gradcam.files import SaveError, check_place

    raw = args.out is not None and Path(args.out).suffix.lower() in RAW
    if args.upsampled and not raw:
        raise AskError("--upsampled says how raw maps are saved: --out maps.npz")
    for option in ("colormap", "alpha", "threshold"):
        if raw and not args.overlays and getattr(args, option):
            raise AskError(f"--{option} is for pictures, and {args.out} holds numbers: add --overlays FOLDER")
    if raw:
        return check_place(args.out, inputs(args, but="out"))
    try:
        return place(args, default)
    except SaveError as error:
        numbers = "; the maps as numbers: .npz, or .npy for a single one"
        raise SaveError(f"{error}{numbers * ('name ends in' in str(error))}") from None


def style(args):
    """The colours asked for."""
    from gradcam.show import Style

    return Style(args.colormap, args.alpha, args.threshold)


def save(args, explanation, shown, style, out):
    """Write the panel, or the raw maps, and the overlays.  -> what is in `out`, in a word or two"""
    from gradcam.show import panel, save, save_overlays

    if args.overlays:
        save_overlays(explanation, args.overlays, shown, style=style, inputs=inputs(args, but="overlays"))
    if out.suffix.lower() in RAW:
        explanation.save(out, args.upsampled)
        return "The raw maps"
    save(panel(explanation, shown, style=style), out)
    return "The panel"
