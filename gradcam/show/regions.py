"""Regions on their picture: boxes, what is said of them, and the map of each."""

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gradcam.show.colour import overlay

COLOURS = ("#ffffff", "#ffd400", "#00e5ff", "#ff5edb", "#7dff5e", "#ff9a3c")
TILE = 2.6  # inches


def regions_panel(photo, regions, said, title=""):
    """photo uint8 (H, W, 3); regions: of `explain_regions`; said: their sentences, as text -> Matplotlib Figure

    First the picture with all boxes, then a tile for each region: its Grad-CAM on the picture, each in full colour at its own maximum.
    """
    columns = 1 + max(len(regions), 1)
    page = Figure(figsize=(TILE * columns, TILE + 0.75), layout="constrained")
    page.suptitle(title, fontsize=11)
    tiles = page.subplots(1, columns)
    tiles[0].imshow(photo)
    tiles[0].set_title("found", fontsize=10)
    for region, text, colour, ax in zip(regions, said, _colours(len(regions)), tiles[1:]):
        ax.imshow(overlay(photo, region.map))
        ax.set_title(text, fontsize=10)
        ax.set_xlabel(f"ln p = {region.log_p:.2f}" + ("" if region.map.any() else ", map exactly zero"), fontsize=9)
        for at in (tiles[0], ax):
            x0, y0, x1, y1 = region.box - 0.5  # a pixel's centre has whole numbers here
            for width, edge in ((3.5, "black"), (1.8, colour)):
                at.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=edge, linewidth=width))
    if not regions:
        tiles[1].set_title("no region", fontsize=10)
    for ax in tiles:
        ax.set(xticks=[], yticks=[], xlim=(-0.5, photo.shape[1] - 0.5), ylim=(photo.shape[0] - 0.5, -0.5))
    return page


def _colours(n):
    return [COLOURS[i % len(COLOURS)] for i in range(n)]
