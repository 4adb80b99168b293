"""Pictures for people: the panel, heat maps, overlays, and saving them whole or not at all."""

from gradcam.show.colour import heat, overlay, relief, signed
from gradcam.show.panel import panel
from gradcam.show.saving import SaveError, save
from gradcam.show.widget import widget

__all__ = ["SaveError", "heat", "overlay", "panel", "relief", "save", "signed", "widget"]
