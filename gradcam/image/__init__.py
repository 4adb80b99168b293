"""Photo to tensor, and back: `decoding`, a file to RGB; `preprocessing`, RGB to a network's input."""

from gradcam.image.decoding import ImageError, read
from gradcam.image.preprocessing import PictureTypeError, as_input, crop_shown, crop_values, prepare, restore

__all__ = [
    "ImageError", "PictureTypeError",
    "as_input", "crop_shown", "crop_values", "prepare", "read", "restore",
]  # fmt: skip
