"""The picture is not what the network was trained on."""

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from tests.gradcam.verify.museum.mistakes.making import ANY_SIZE, Mistake, fed
from tests.gradcam.verify.museum.right import normalised

MEAN, STD = (
    torch.tensor(v, dtype=torch.float64).reshape(3, 1, 1)
    for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
)


CIFAR = [
    torch.tensor(v, dtype=torch.float64).reshape(3, 1, 1)
    for v in ([0.5071, 0.4867, 0.4408], [0.2675, 0.2565, 0.2761])
]
LUMA = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64).reshape(3, 1, 1)


def grey(x):
    """convert("L") and three channels of it."""
    p = ((x * STD.to(x) + MEAN.to(x)) * LUMA.to(x)).sum(1, keepdim=True)
    return (p.expand_as(x) - MEAN.to(x)) / STD.to(x)


def from_photo(resize):
    """resize(photo, preprocessing) -> pixels (crop, crop, 3)"""
    return lambda case: fed(lambda x: normalised(np.asarray(resize(*case.photo)), case.photo[1]).to(x))(case)


def crop(image, side):
    left, top = ((n - side) // 2 for n in image.size)
    return image.crop((left, top, left + side, top + side))


def by(how):
    """The right sizes with another filter of PIL."""

    def resize(photo, p):
        short = min(photo.size)
        return crop(photo.resize([round(p.size * n / short) for n in photo.size], how), p.crop)

    return resize


def opencv(photo, p):
    import cv2

    return cv2.resize(np.asarray(photo), (p.crop, p.crop))


def opencv_by(how):
    def resize(photo, p):
        import cv2

        return cv2.resize(np.asarray(photo), (p.crop, p.crop), interpolation=getattr(cv2, how))

    return resize


def tensorflow_1(photo, p):
    """tf.image.resize_bilinear: the corner of a pixel is its place."""
    a = np.asarray(photo, np.float64)
    for axis, n in enumerate(a.shape[:2]):
        at = np.arange(p.crop) * n / p.crop
        left = at.astype(int)
        share = (at - left).reshape(-1, *[1] * (2 - axis))
        a = (1 - share) * a.take(left, axis) + share * a.take(np.minimum(left + 1, n - 1), axis)
    return a


def torchvision(photo, p):
    """Resize of a tensor, antialias=True."""
    pixels = torch.from_numpy(np.asarray(photo).copy()).permute(2, 0, 1)[None].double()
    return F.interpolate(pixels, (p.crop, p.crop), mode="bilinear", antialias=True)[0].permute(1, 2, 0)


def pytorch(photo, p):
    pixels = torch.from_numpy(np.asarray(photo).copy()).permute(2, 0, 1)[None].double()
    return F.interpolate(pixels, (p.crop, p.crop), mode="bilinear", align_corners=False)[0].permute(1, 2, 0)


TABLE = [
    Mistake("colour channels in the other order (RGB, BGR)", fed(lambda x: x.flip(1))),
    Mistake("another mean and deviation", fed(lambda x: x * STD.to(x) + MEAN.to(x))),
    Mistake("another mean and deviation", fed(lambda x: (x * STD.to(x) + MEAN.to(x)) * 2 - 1)),
    Mistake("another mean and deviation", fed(lambda x: 255 * (x * STD.to(x) + MEAN.to(x)))),
    Mistake(
        "colour channels in the other order (RGB, BGR)",
        fed(lambda x: ((x * STD.to(x) + MEAN.to(x)).flip(1) - MEAN.to(x)) / STD.to(x)),
    ),
    Mistake("another mean and deviation", fed(lambda x: (x - MEAN.to(x)) / STD.to(x))),
    Mistake(
        "another mean and deviation",
        fed(lambda x: (255 * (x * STD.to(x) + MEAN.to(x)) - MEAN.to(x)) / STD.to(x)),
    ),
    Mistake(
        "another mean and deviation",
        fed(lambda x: ((x * STD.to(x) + MEAN.to(x)) / 255 - MEAN.to(x)) / STD.to(x)),
    ),
    Mistake(
        "another mean and deviation",
        fed(lambda x: (x * STD.to(x) + MEAN.to(x) - CIFAR[0].to(x)) / CIFAR[1].to(x)),
    ),
    Mistake("another mean and deviation", fed(lambda x: x / STD.to(x))),
    Mistake("other shades: a picture in grey, or a negative", fed(grey)),
    Mistake(
        "other shades: a picture in grey, or a negative",
        fed(lambda x: (1 - x * STD.to(x) - 2 * MEAN.to(x)) / STD.to(x)),
    ),
    Mistake("another range of pixel values", fed(lambda x: x / 255)),
    Mistake(
        "picture with H and W exchanged",
        fed(lambda x: x.transpose(-1, -2)),
        families=ANY_SIZE,
        drawn={"size": (16, 16)},
    ),
    Mistake("picture with H and W exchanged", fed(lambda x: x.transpose(-1, -2)), families=ANY_SIZE),
    Mistake("picture mirrored", fed(lambda x: x.flip(-1))),
    # its size
    Mistake(
        "another way of resizing the photo", from_photo(by(Image.BICUBIC)), families=ANY_SIZE, photo=True
    ),
    Mistake(
        "another way of resizing the photo", from_photo(by(Image.NEAREST)), families=ANY_SIZE, photo=True
    ),
    Mistake(
        "another way of resizing the photo",
        from_photo(lambda photo, p: photo.resize((p.crop, p.crop), Image.BILINEAR)),
        families=ANY_SIZE,
        photo=True,
    ),
    Mistake(
        "another way of resizing the photo",
        from_photo(lambda photo, p: crop(photo.resize((p.size, p.size), Image.BILINEAR), p.crop)),
        families=ANY_SIZE,
        photo=True,
    ),
    Mistake(
        "another way of resizing the photo", from_photo(opencv), families=ANY_SIZE, photo=True, needs="cv2"
    ),
    Mistake("another way of resizing the photo", from_photo(pytorch), families=ANY_SIZE, photo=True),
    *(
        Mistake(
            "another way of resizing the photo", from_photo(f), families=ANY_SIZE, photo=True, needs=needs
        )
        for f, needs in (
            (tensorflow_1, ""),
            (torchvision, ""),
            (opencv_by("INTER_AREA"), "cv2"),
            (opencv_by("INTER_NEAREST"), "cv2"),
        )
    ),
]
