"""How a picture becomes an image as a network was trained on: one rule for each kind of training images."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cnnstudio.data.pictures.clothing import find_clothing
from cnnstudio.data.pictures.handwriting import Ink, bounding_box, find_ink
from cnnstudio.data.pictures.open import to_array
from cnnstudio.data.pictures.sheet import find_digits
from cnnstudio.data.pictures.strokes import BOX, MNIST_SIDE
from cnnstudio.errors import StudioError

STEP_SIDE = 400
"""Longer side of a step's picture, at most, in pixels."""

_PEN = (0.10, 0.16)
"""Thinnest and thickest stroke that is left as it is, as a share of the digit's longer side."""

_DETAIL_SIDE = 160
"""Longer side of the digit while the width of its strokes is changed, in pixels."""

_SMALLEST = 240
"""Smaller pictures are enlarged to this longer side before a digit is looked for in them, in pixels."""

_LEAST_SHEET = 120
"""Smaller pictures have no room for several digits; longer side in pixels."""

_LONGEST = 16
"""Of a picture that is longer than so many times its shorter side, the ends are left out before it is scaled."""

_MARGIN = 24
"""Ground that is darker, or lighter than 255 less this, is empty, as in the images of MNIST and Fashion-MNIST."""

_VIEW = (7, 8)
"""Share of a photo's shorter side that networks trained on ImageNet are tested on: 224 of 256 pixels."""

_PHOTO_SIDE = 64
"""Side at which the tones and colours of a picture are measured, in pixels."""

_MANY_TONES, _SOME_TONES = 3.7, 3.0
"""Entropy of the grey levels, in bits: of a photo for sure, and of one that is colourful as well."""

_COLOURFUL = 25.0
"""Spread of the colours, of 255."""

Box = tuple[float, float, float, float]
"""(left, top, right, bottom) in pixels, from the upper left corner."""


@dataclass(frozen=True, eq=False)
class Step:
    """One picture on the way.

    Attributes:
        title: what was done, in a few words.
        image: (height, width) or (height, width, 3) uint8, at most `STEP_SIDE` on a side.
    """

    title: str
    image: np.ndarray


@dataclass(frozen=True, eq=False)
class Part:
    """One of several things in a picture.

    Attributes:
        box: where it is, in pixels of the upright picture.
        image: (height, width, channels) uint8, what the network gets of it.
    """

    box: Box
    image: np.ndarray


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a rule made of a picture.

    Attributes:
        image: (height, width, channels) uint8, what the network gets.
        steps: the pictures on the way; the first is the picture as it came, the last what the network gets.
        crop: the box (left, top, right, bottom) that the network sees, in pixels of the upright picture; None where
            the rule takes no rectangle out of it.
    """

    image: np.ndarray
    steps: tuple[Step, ...]
    crop: Box | None = None


@dataclass(frozen=True)
class InputRule:
    """A way to prepare pictures.

    Attributes:
        name: the key, as a model's card has it.
        title: for the screen.
        description: one sentence for a beginner.
        prepare: takes an upright picture of mode L or RGB and the shape (height, width, channels) of the image.
        crops: whether the network gets a rectangle of the picture, so that another one may be chosen.
        finds: whether it looks for one thing in the picture and cuts it out, so that it suits no other pictures.
        split: takes the same as `prepare`, and gives the several things that the picture shows, at least two; nothing
            where it shows one.
    """

    name: str
    title: str
    description: str
    prepare: Callable[[Image.Image, tuple[int, int, int]], Prepared]
    crops: bool = False
    finds: bool = False
    split: Callable[[Image.Image, tuple[int, int, int]], tuple[Part, ...]] = lambda image, image_shape: ()  # noqa: ARG005


def looks_like_a_photo(picture: Image.Image) -> bool:
    """Whether a picture has the many tones and colours of an ordinary photo; paper and ink have few.

    Tones are measured by the entropy of 32 levels of grey, in bits; colours by how far they spread (Hasler and
    Süsstrunk, Measuring colourfulness in natural images, 2003, without its term for an overall tint, which lamps give
    to paper).
    """
    pixels = np.asarray(picture.convert("RGB").resize((_PHOTO_SIDE, _PHOTO_SIDE))).astype(np.float32)
    red, green, blue = np.moveaxis(pixels, 2, 0)
    colours = np.hypot((red - green).std(), ((red + green) / 2 - blue).std())
    shares = np.histogram(pixels.mean(axis=2), 32, (0, 256))[0] / _PHOTO_SIDE**2
    tones = -(shares[shares > 0] * np.log2(shares[shares > 0])).sum()
    return bool(tones > _MANY_TONES or (tones > _SOME_TONES and colours > _COLOURFUL))


def shrunk(image: Image.Image, side: int) -> Image.Image:
    """The picture, at most `side` pixels high and wide: averaged over whole blocks, which is fast for any size."""
    return image.reduce(-(-max(image.size) // side))


def _small(image: Image.Image) -> np.ndarray:
    return np.asarray(shrunk(image, STEP_SIDE))


def _centre_crop(image: Image.Image, image_shape: tuple[int, int, int]) -> Prepared:
    middle, size, cut = crop_geometry(image.size, image_shape)
    cropped = image.resize(size, Image.Resampling.BICUBIC, middle).crop(cut)
    x, y = (middle[2] - middle[0]) / size[0], (middle[3] - middle[1]) / size[1]
    left, top, right, bottom = cut
    box = (middle[0] + left * x, middle[1] + top * y, middle[0] + right * x, middle[1] + bottom * y)
    return _cropped(image, to_array(cropped, image_shape[2]), box)


_PixelBox = tuple[int, int, int, int]


def crop_geometry(
    size: tuple[int, int], image_shape: tuple[int, int, int]
) -> tuple[_PixelBox, tuple[int, int], _PixelBox]:
    """How the rule “centre-crop” scales and cuts a picture of (width, height).

    Returns:
        What is scaled of the picture, (left, top, right, bottom): all of it but for the ends of very long ones; (width,
        height) to which that is scaled; and what is cut out of the scaled picture, (left, top, right, bottom).
    """
    height, width, _ = image_shape
    # Scaled as a whole, a line of pixels would take gigabytes.
    longest = _LONGEST * min(size)
    left, top = (max(0, (side - longest) // 2) for side in size)
    whole = min(size[0], longest), min(size[1], longest)
    scale = max(width / whole[0], height / whole[1])
    scaled = max(width, round(scale * whole[0])), max(height, round(scale * whole[1]))
    x, y = (scaled[0] - width) // 2, (scaled[1] - height) // 2
    return (left, top, left + whole[0], top + whole[1]), scaled, (x, y, x + width, y + height)


def _imagenet(image: Image.Image, image_shape: tuple[int, int, int]) -> Prepared:
    """As TensorFlow's EfficientNet prepares its test images: cut out first, then scaled, bicubic.

    Source: `preprocessing.py` of <https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet>, but for
    the smoothing where a picture is scaled down, which Pillow's bicubic does.
    """
    height, width, channels = image_shape
    share, whole = _VIEW
    room = share * min(image.width * height, image.height * width)
    sides = max(1, room // (whole * height)), max(1, room // (whole * width))
    left, top = (image.width - sides[0] + 1) // 2, (image.height - sides[1] + 1) // 2
    box = (left, top, left + sides[0], top + sides[1])
    # Pictures six times as large as the image, or more, are averaged over blocks first: three times as fast.
    scaled = image.crop(box).resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return _cropped(image, to_array(scaled, channels), box)


def _stretched(image: Image.Image, image_shape: tuple[int, int, int]) -> Prepared:
    """As `image_dataset_from_directory` of Keras brings pictures to size, by `tf.image.resize`: bilinear.

    Each pixel lies between four pixels of the picture, even where it is scaled down: nothing is averaged over more.
    """
    height, width, channels = image_shape
    places = (image.width / width, 0.0, 0.0, 0.0, image.height / height, 0.0)
    scaled = image.transform((width, height), Image.Transform.AFFINE, places, Image.Resampling.BILINEAR)
    pixels = to_array(scaled, channels)
    return Prepared(pixels, (Step("The picture", _small(image)), Step("What the network gets", pixels)))


def cut_out(image: Image.Image, box: Box, image_shape: tuple[int, int, int]) -> Prepared:
    """Cuts out a rectangle that somebody has chosen, in place of the one that a rule takes, and scales it.

    Args:
        image: upright, of mode L or RGB.
        box: of the shape of the image, in pixels; what lies outside the picture is left out.
        image_shape: (height, width, channels) of the image.
    """
    height, width, channels = image_shape
    left, top = max(0.0, box[0]), max(0.0, box[1])
    inside = (left, top, min(float(image.width), box[2]), min(float(image.height), box[3]))
    scaled = image.resize((width, height), Image.Resampling.BICUBIC, inside, reducing_gap=3.0)
    return _cropped(image, to_array(scaled, channels), inside)


def _cropped(image: Image.Image, pixels: np.ndarray, crop: Box) -> Prepared:
    steps = (Step("The picture", _small(image)), Step("What the network gets", pixels))
    return Prepared(pixels, steps, crop)


def _digit(image: Image.Image, image_shape: tuple[int, int, int]) -> Prepared:
    as_published = _as_published(image, image_shape, _border)
    if as_published is not None:
        return as_published
    large, _ = _enlarged(image)
    ink = find_ink(large)
    if ink is None:
        raise StudioError(
            "No digit was found in the picture. Write one digit with a dark pen on plain paper, fill most of the "
            "picture with it, and try again."
        )
    coverage = _coverage(ink)
    pixels = _as_mnist(coverage, image_shape)
    steps = (
        Step("The picture", _small(image)),
        Step("The ink, light on dark", _small(Image.fromarray(_bytes(ink.strength)))),
        Step("The ink, cut out", _bytes(coverage)),
        Step("What the network gets", pixels),
    )
    return Prepared(pixels, steps)


def _digits(image: Image.Image, image_shape: tuple[int, int, int]) -> tuple[Part, ...]:
    """The digits on a sheet, in reading order; none where there is only one."""
    if max(image.size) < _LEAST_SHEET:
        return ()
    large, scale = _enlarged(image)
    parts = []
    for digit in find_digits(large):
        left, top, right, bottom = (length / scale for length in digit.box)
        parts.append(Part((left, top, right, bottom), _as_mnist(_coverage(digit.ink), image_shape)))
    return tuple(parts)


def _enlarged(image: Image.Image) -> tuple[Image.Image, float]:
    """A picture that is large enough to look for digits in it, and by what it was enlarged."""
    scale = max(1.0, _SMALLEST / max(image.size))
    if scale == 1:
        return image, scale
    size = (max(1, round(scale * image.width)), max(1, round(scale * image.height)))
    return image.resize(size, Image.Resampling.BICUBIC), scale


def _clothing(image: Image.Image, image_shape: tuple[int, int, int]) -> Prepared:
    as_published = _as_published(image, image_shape, _corners)
    if as_published is not None:
        return as_published
    found = find_clothing(image)
    if found is None:
        raise StudioError(
            "No piece of clothing stands out in the picture. Lay or hang one piece before a plain ground of another "
            "colour, with some ground on all sides, and try again."
        )
    pixels = _fitted(found, image_shape)
    steps = (
        Step("The picture", _small(image)),
        Step("The piece, cut out, light on dark", _small(Image.fromarray(_bytes(found)))),
        Step("What the network gets", pixels),
    )
    return Prepared(pixels, steps)


def _as_published(
    image: Image.Image, image_shape: tuple[int, int, int], ground: Callable[[np.ndarray], np.ndarray]
) -> Prepared | None:
    """Leaves an image as it is that was exported from MNIST or Fashion-MNIST, but for making it light on dark.

    `ground` gives of the pixels those that show nothing in such an image. None for any other picture.
    """
    height, width, channels = image_shape
    if image.size != (width, height):
        return None
    pixels = to_array(image, channels)
    empty = ground(pixels)
    if empty.min() > 255 - _MARGIN:
        pixels = 255 - pixels
    elif empty.max() >= _MARGIN:
        return None
    return Prepared(pixels, (Step("The picture", _small(image)), Step("What the network gets", pixels)))


def _border(pixels: np.ndarray) -> np.ndarray:
    return np.concatenate([pixels[[0, -1]].ravel(), pixels[:, [0, -1]].ravel()])


def _corners(pixels: np.ndarray) -> np.ndarray:
    """The median of the corners: clothes may reach the border, but few corners."""
    return np.median(pixels[[0, 0, -1, -1], [0, -1, 0, -1]], keepdims=True)


def _fitted(strength: np.ndarray, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Scaled until it just fits, in the middle."""
    height, width, channels = image_shape
    scale = min(height / strength.shape[0], width / strength.shape[1])
    rows, columns = (max(1, round(length * scale)) for length in strength.shape)
    top, left = (height - rows) // 2, (width - columns) // 2
    image = np.zeros(image_shape, np.uint8)
    small = _bytes(np.asarray(Image.fromarray(strength).resize((columns, rows), Image.Resampling.BOX)))
    image[top : top + rows, left : left + columns] = np.repeat(small[..., np.newaxis], channels, axis=2)
    return image


def _coverage(ink: Ink) -> np.ndarray:
    """The digit alone, 0–1, its longer side about `_DETAIL_SIDE`, with strokes neither too thin nor too thick."""
    from scipy import ndimage

    near = np.where(ndimage.binary_dilation(ink.mask, iterations=2), ink.strength, 0).astype(np.float32)
    rows, columns = bounding_box(ink.mask)
    size = max(rows.stop - rows.start, columns.stop - columns.start)
    pad = int(0.15 * size) + 3
    cut = np.pad(near, pad)[rows.start : rows.stop + 2 * pad, columns.start : columns.stop + 2 * pad]
    scale = _DETAIL_SIDE / size
    shape = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    mask = np.asarray(Image.fromarray(cut).resize(shape, Image.Resampling.BICUBIC)) > ink.threshold
    inside, outside = ndimage.distance_transform_edt(mask), ndimage.distance_transform_edt(~mask)
    ridge = (inside == ndimage.maximum_filter(inside, 5)) & (inside > 1)
    pen = 2 * float(np.median(inside[ridge])) / _DETAIL_SIDE if ridge.any() else _PEN[0]
    wider = (float(np.clip(pen, *_PEN)) - pen) / 2 * _DETAIL_SIDE
    covered = np.clip(inside - outside + wider + 0.5, 0, 1).astype(np.float32)
    return covered[bounding_box(covered > 0.5)]


def _as_mnist(coverage: np.ndarray, image_shape: tuple[int, int, int]) -> np.ndarray:
    """The digit scaled as MNIST's and centred by its mass, uint8 of that shape."""
    height, width, channels = image_shape
    side = min(height, width)
    scale = BOX / MNIST_SIDE * side / max(coverage.shape)
    rows, columns = (max(1, round(length * scale)) for length in coverage.shape)
    small = np.clip(np.asarray(Image.fromarray(coverage).resize((columns, rows), Image.Resampling.BOX)), 0, 1)
    mass = small.sum()
    centre = (np.indices(small.shape) * small).sum(axis=(1, 2)) / mass
    top = int(np.clip(round(height / 2 - 0.5 - centre[0]), 0, height - rows))
    left = int(np.clip(round(width / 2 - 0.5 - centre[1]), 0, width - columns))
    image = np.zeros(image_shape, np.uint8)
    image[top : top + rows, left : left + columns] = np.repeat(_bytes(small)[..., np.newaxis], channels, axis=2)
    return image


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)


INPUT_RULES: dict[str, InputRule] = {
    rule.name: rule
    for rule in (
        InputRule(
            "digit",
            "One handwritten digit",
            "The ink of one digit is found on its ground, made light on dark, scaled and centred as in MNIST.",
            _digit,
            finds=True,
            split=_digits,
        ),
        InputRule(
            "clothing",
            "One piece of clothing",
            "The piece is cut out from its plain ground, made light on dark, scaled and centred as in Fashion-MNIST.",
            _clothing,
            finds=True,
        ),
        InputRule(
            "centre-crop",
            "Centre crop",
            "The picture is scaled until its shorter side fits, and the middle is cut out.",
            _centre_crop,
            crops=True,
        ),
        InputRule(
            "stretch",
            "Whole picture, stretched",
            "All of the picture is scaled to the image's height and width, as by Keras's own loaders.",
            _stretched,
        ),
        InputRule(
            "imagenet",
            "The middle of a photo",
            "A square of seven eighths of the photo's shorter side is cut out of its middle and scaled, as in tests on "
            "ImageNet.",
            _imagenet,
            crops=True,
        ),
    )
}
"""Every rule by its key."""
