"""What an explanation shows in a notebook: its panel."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from PIL import Image

from gradcam.show.input_picture import seen
from gradcam.show.settings import own_settings
from gradcam.show.side_by_side import panel

if TYPE_CHECKING:
    from gradcam.explanation import Explanation


MOST = 150_000  # bytes of a picture in a notebook, which is a file that people send and keep in Git
FINER_FIRST = ((1, 85), (1, 75), (0.8, 75), (0.65, 75), (0.5, 70), (0.4, 60), (0.3, 50), (0.2, 40))


def panel_jpeg(explanation: Explanation, picture: int = 0) -> bytes | None:
    """The panel of one picture of the batch -> the bytes of a JPEG file, or None if there is no map.

    It is as large and as fine as fits into 150 kB; `gradcam.show.panel` draws one of any size.

    Without a description of the network (`net.card`), the photo is drawn from the input's smallest value to
    its largest.
    """
    if not explanation.maps:
        return None
    photo = None
    if explanation.x.ndim == 4:
        photo = seen(explanation.x[picture], explanation.card)
    drawn = png(panel(explanation, photo, picture=picture))
    return small_jpeg(Image.open(io.BytesIO(drawn)).convert("RGB"))


def small_jpeg(picture: Image.Image, most: int = MOST) -> bytes:
    """A picture -> a JPEG file of at most so many bytes, unless the smallest that is tried has more."""
    made = b""
    for share, quality in FINER_FIRST:
        size = [max(1, round(share * side)) for side in picture.size]
        file = io.BytesIO()
        picture.resize(size, Image.LANCZOS).save(file, "jpeg", quality=quality, optimize=True)
        made = file.getvalue()
        if len(made) <= most:
            break
    return made


@own_settings()
def png(figure: Figure, dpi: float = 90) -> bytes:
    """A Matplotlib figure -> the bytes of a PNG file"""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()
