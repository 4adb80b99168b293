"""Pictures for people: the panel, heat maps, overlays, and saving them whole or not at all."""

from gradcam.show.colour import heat, overlay, relief, signed
from gradcam.show.saving import SaveError, save
from gradcam.show.side_by_side import panel
from gradcam.show.viewer import widget

__all__ = ["SaveError", "heat", "overlay", "panel", "relief", "save", "signed", "widget"]
