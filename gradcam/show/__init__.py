"""Pictures for people: the panel, heat maps, overlays, and saving them whole or not at all."""

from gradcam.show.colour import Style, heat, overlay, relief, signed
from gradcam.show.overlays import save_overlays
from gradcam.show.plotting import plot
from gradcam.show.saving import SaveError, save
from gradcam.show.side_by_side import panel
from gradcam.show.signals import signal_panel
from gradcam.show.volumes import volume_panel, volume_widget

__all__ = [
    "SaveError", "Style", "heat", "overlay", "panel", "plot", "relief", "save", "save_overlays",
    "signal_panel", "signed", "volume_panel", "volume_widget",
]  # fmt: skip
