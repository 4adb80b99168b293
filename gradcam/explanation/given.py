"""What people give as a photo or an input, as the network's input (N, C, H, W).

A path, a PIL picture, arrays of NumPy, and tensors of PyTorch, JAX and TensorFlow, none of which is imported:
they are known by what they can do.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcam.asking import AskError
from gradcam.targets.text import mask_in
from minicnn import GraphError, Tensor

LAYOUTS = "(N, C, H, W)"


def input_of(x: Any, card: Any = None) -> tuple[Tensor, str]:
    """-> (the input, a tensor (N, C, H, W) of finite floats; how it was made of x, in one line).

    x: an input already, floats (N, C, H, W) or (N, H, W, C), which is left as it is but for its axes; or a
    photo, which is prepared as the network's description says: a path, a PIL picture, an array (H, W, 3),
    (3, H, W) or (H, W) of uint8, or of floats from 0 to 1 or from 0 to 255; or a batch of photos of uint8.
    For a network of signals or volumes (card.axes 3 or 5), or one without a description: floats (N, C, L) or
    (N, C, D, H, W), of which the first axes may be left out where they are 1.
    AskError, in one sentence, for anything else.
    """
    if isinstance(x, Tensor):
        return _finite(x), "as given"
    from gradcam.image import prepare, read  # Pillow is slow to import

    if isinstance(x, (str, os.PathLike)):
        how = _preprocessing(card, repr(os.fspath(x)))
        return Tensor(prepare(read(x), how), "x"), f"{os.fspath(x)}: {said(how)}"
    if hasattr(x, "convert") and hasattr(x, "getbands"):  # Pillow's
        return Tensor(prepare(x, how := _preprocessing(card, "this")), "x"), f"a picture: {said(how)}"
    array = _array(x)
    axes = getattr(card, "axes", 4)
    if axes != 4 and array.dtype.kind == "f" and axes - 2 <= array.ndim <= axes:
        added = (1,) * (axes - array.ndim)
        return _finite(Tensor(array.reshape(*added, *array.shape), "x")), "as given"
    if card is None and array.ndim == 3 and array.dtype.kind == "f":
        return _finite(Tensor(array, "x")), "as given"
    if array.ndim == 4 and array.dtype.kind == "f":
        turned = array.shape[1] not in (1, 3, 4) and array.shape[3] in (1, 3, 4)
        array = np.ascontiguousarray(array.transpose(0, 3, 1, 2)) if turned else array
        return _finite(Tensor(array, "x")), "as given" + turned * ", its axes (N, H, W, C) as (N, C, H, W)"
    if array.ndim in (2, 3) or (array.ndim == 4 and array.dtype == np.uint8):
        return _photos(array, card)
    if array.dtype.kind == "f":
        return _finite(Tensor(array, "x")), "as given"
    raise AskError(
        f"the input is an array of floats {LAYOUTS}, not of {array.dtype} {array.shape}: "
        "gradcam.image.prepare makes one of a photo"
    )


def mask_as(x: Any, card: Any = None) -> Callable[[str], np.ndarray]:
    """f(file): the mask in a picture, (H, W) bools; one of the photo's size is cut as the photo x is."""

    def mask(file):
        from gradcam.image import read

        found, how = mask_in(file), getattr(card, "preprocessing", None)
        photo = read(x) if isinstance(x, (str, os.PathLike)) else x
        sizes = [photo.size[::-1]] if hasattr(photo, "getbands") else _sizes(photo)
        return as_photo(found, how) if how is not None and found.shape in sizes else found

    return mask


def as_photo(mask: np.ndarray, preprocessing: Any) -> np.ndarray:
    """A mask (H, W) of a photo, resized and cropped as the photo is -> the same at the network's input."""
    from gradcam.image import crop_shown

    return crop_shown(mask.astype("u1") * 255, preprocessing)[..., 0] >= 128


def _sizes(photo):
    """(H, W), of an array or a tensor that may be a photo."""
    shape = tuple(getattr(photo, "shape", ()))
    return [shape[-2:], shape[:2]] if len(shape) in (2, 3) else []


def said(preprocessing: Any) -> str:
    """How a photo is prepared, in one line."""
    p = preprocessing
    rows, columns = p.sides
    way = {"short": f"shorter side to {p.size}, the middle", "squash": "squashed to"}.get(
        p.resize, f"all of it on a ground of {', '.join(map(str, p.fill))}, "
    ).strip()
    numbers = [", ".join(f"{v:g}" for v in values) for values in (p.mean, p.std)]
    return (
        f"{way} {rows} x {columns}, {p.channels} from 0 to {p.scale:g}, minus {numbers[0]}, over {numbers[1]}"
    )


def _photos(array, card):
    """One photo, or a batch of them of uint8."""
    from gradcam.image import prepare

    how = _preprocessing(card, f"an array of {array.dtype} {array.shape}")
    photos = [_pixels(photo) for photo in (array if array.ndim == 4 else array[None])]
    x = np.concatenate([prepare(pixels, how) for pixels, _ in photos])
    return Tensor(x, "x"), f"{photos[0][1]}: {said(how)}"


def _pixels(photo):
    """-> (uint8 (H, W, 3) or (H, W), what it was)"""
    if photo.ndim == 3 and photo.shape[2] in (1, 3, 4):
        axes = "(H, W, C)"
    elif photo.ndim == 3 and photo.shape[0] in (1, 3, 4):
        photo, axes = photo.transpose(1, 2, 0), "(C, H, W)"
    elif photo.ndim == 2:
        axes = "(H, W)"
    else:
        raise AskError(f"a photo is (H, W, 3), (3, H, W) or (H, W), not {photo.shape}")
    if min(photo.shape[:2]) < 1:
        raise AskError(f"the photo {photo.shape} is empty: there is nothing to explain")
    kind = str(photo.dtype)
    if photo.dtype.kind == "f":
        low, high = float(photo.min()), float(photo.max())
        if not (low >= 0 and high <= 255):  # also NaN
            raise AskError(
                f"a photo of floats runs from 0 to 1 or to 255, and this one from {low:g} to {high:g}: "
                f"if it is prepared already, give it as {LAYOUTS}"
            )
        kind = f"{photo.dtype} from 0 to {1 if high <= 1 else 255}, rounded to 8 bits"
        photo = np.rint(photo * (255 if high <= 1 else 1)).astype(np.uint8)
    if photo.dtype != np.uint8:
        raise AskError(f"a photo is of uint8, or of floats, not of {photo.dtype}: photo.astype('uint8')")
    if photo.ndim == 3 and photo.shape[2] == 4:
        photo, axes = photo[..., :3], f"{axes}, its fourth channel left out"
    return (photo[..., 0] if photo.ndim == 3 and photo.shape[2] == 1 else photo), f"{kind} {axes}"


def of_tensor(x: Any) -> Any:
    """PyTorch's tensors as arrays, bfloat16, which NumPy lacks, in float32; anything else as it is."""
    if hasattr(x, "detach") and hasattr(x, "cpu"):
        x = x.detach().cpu()
        x = (x.float() if "bfloat16" in str(x.dtype) else x).resolve_conj().numpy()
    return x


def _array(x):
    """Of anything that is an array: NumPy's, or a tensor that can be one."""
    x = of_tensor(x)
    if hasattr(x, "numpy") and callable(x.numpy):  # TensorFlow's
        x = x.numpy()
    elif not hasattr(x, "__array_function__") and hasattr(
        x, "__array__"
    ):  # JAX's; CuPy's stay where they are
        x = np.asarray(x)
    elif not hasattr(x, "__array__") and hasattr(x, "__dlpack__"):
        x = np.from_dlpack(x)
    if getattr(getattr(x, "dtype", None), "kind", None) is None:
        raise AskError(
            f"the input is an array {LAYOUTS}, not {type(x).__name__}: "
            "gradcam.image.prepare makes one of a photo"
        )
    if x.dtype.kind not in "fui" or x.ndim < 1:
        raise AskError(
            f"the input is an array of floats {LAYOUTS}, not of {x.dtype} {tuple(x.shape)}: "
            "gradcam.image.prepare makes one of a photo"
        )
    if not x.size:
        raise AskError(f"the input {tuple(x.shape)} is empty: there is nothing to explain")
    return x


def _preprocessing(card, what):
    how = getattr(card, "preprocessing", None)
    if how is None:
        raise AskError(
            f"{what} is a photo, and this network has no description (net.card) that says how photos are "
            f"prepared: give floats {LAYOUTS}, as gradcam.image.prepare makes them"
        )
    return how


def _finite(x):
    if not np.isfinite(x.data).all():
        raise GraphError(
            "the input holds numbers that are not finite (NaN or infinite): nothing can be explained"
        )
    return x
