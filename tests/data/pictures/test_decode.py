"""Fast decoding gives what the rule “centre-crop” gives, and work in threads comes out in order."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from cnnstudio.data.pictures.decode import decode, in_order
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.pictures.open import MAX_PIXELS, open_image
from cnnstudio.errors import StudioError
from tests.data.heic import heic, rotated
from tests.data.phone_photos import ORIENTATIONS, encoded, exif, xmp

FORMATS = ["PNG", "GIF", "BMP", "TIFF", "PPM", "TGA", "ICO", "PCX", "SGI", "QOI"]
FORMATS += [
    format
    for format, feature in (("WEBP", "webp"), ("JPEG2000", "jpg_2000"), ("AVIF", "avif"))
    if features.check(feature)
]


def scene(width: int = 61, height: int = 43, mode: str = "RGB") -> Image.Image:
    """Soft hills of colour, with an edge: no symmetry, and no two pixels quite alike."""
    y, x = np.mgrid[:height, :width] / max(width, height)
    waves = np.stack([np.sin(7 * x + 3 * y), np.cos(5 * x - 9 * y), np.sin(11 * x * y + 1)], axis=-1)
    pixels = (127 + 90 * waves + 30 * (x > 0.4)[..., None]).clip(0, 255).astype(np.uint8)
    return Image.fromarray(pixels).convert(mode)


def expected(data: bytes, side: int, channels: int) -> np.ndarray:
    return INPUT_RULES["centre-crop"].prepare(open_image(data), (side, side, channels)).image


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_decoded_by_the_rule(format: str, channels: int) -> None:
    data = encoded(scene(64, 64), format)
    assert np.array_equal(decode(data, 28, channels).pixels, expected(data, 28, channels))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [16, 43, 64])
@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("RGB", {"quality": 90}),
        ("RGB", {"quality": 50, "subsampling": 0}),
        ("RGB", {"progressive": True}),
        ("RGB", {"keep_rgb": True}),
        ("L", {}),
        ("CMYK", {}),
    ],
)
def test_every_kind_of_jpeg_gives_the_very_pixels(mode: str, options: dict, side: int, channels: int) -> None:
    for size in ((61, 43), (43, 43), (43, 90)):
        data = encoded(scene(*size, mode), **options)
        decoded = decode(data, side, channels)
        assert np.array_equal(decoded.pixels, expected(data, side, channels))
        assert decoded.pixels.dtype == np.uint8
        assert decoded.size == size
        assert decoded.grey == (mode == "L")


@pytest.mark.parametrize("orientation", range(10))
def test_jpegs_stand_upright(orientation: int) -> None:
    for notes in (
        {"exif": exif(orientation)},
        {"xmp": xmp(orientation)},
        {"exif": exif(orientation), "xmp": xmp(9 - orientation)},
    ):
        data = encoded(scene(61, 43), quality=92, **notes)
        decoded = decode(data, 20, 3)
        assert decoded.size == open_image(data).size == ((43, 61) if orientation in range(5, 9) else (61, 43))
        assert np.array_equal(decoded.pixels, expected(data, 20, 3))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_jpegs_of_several_pictures_give_the_first_upright(orientation: int) -> None:
    """Cameras save them: a photo, followed by smaller ones of the same scene."""
    others = [scene(30, 20), scene(15, 10)]
    data = encoded(scene(61, 43), "MPO", save_all=True, append_images=others, exif=exif(orientation))
    assert decode(data, 20, 3).size == ((43, 61) if orientation >= 5 else (61, 43))
    assert np.array_equal(decode(data, 20, 3).pixels, expected(data, 20, 3))


def test_heic_is_decoded_by_the_rule() -> None:
    data = heic([rotated(1)])
    assert decode(data, 20, 3).size == (1008, 756)
    assert np.array_equal(decode(data, 20, 3).pixels, expected(data, 20, 3))
    with pytest.raises(StudioError, match="million pixels"):
        decode(heic(size=(12_000, 11_000)), 20, 3)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("size", [(1200, 800), (803, 1201)])
def test_large_jpegs_differ_by_a_little_only(size: tuple[int, int], orientation: int) -> None:
    data = encoded(scene(*size), exif=exif(orientation), quality=92)
    decoded = decode(data, 64, 3)
    difference = np.abs(decoded.pixels.astype(int) - expected(data, 64, 3))
    assert decoded.size == open_image(data).size
    assert difference.max() <= 10
    assert difference.mean() < 0.4


@pytest.mark.parametrize("size", [(1, 100_000), (30_000, 2), (900, 30), (17, 1)])
def test_the_middle_of_a_very_long_picture_is_taken_without_scaling_all_of_it(size: tuple[int, int]) -> None:
    """Scaled as a whole, the first would have 2 × 10¹¹ pixels."""
    data = encoded(scene(*size), "PNG")
    prepared = INPUT_RULES["centre-crop"].prepare(open_image(data), (224, 224, 3))
    left, top, right, bottom = prepared.crop
    short = min(size)
    assert (right - left, bottom - top) == pytest.approx((short, short))
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((size[0] / 2, size[1] / 2), abs=0.6)
    assert np.array_equal(decode(data, 224, 3).pixels, prepared.image)


def test_a_file_gives_what_its_bytes_give(tmp_path: Path) -> None:
    for name, data in (("a.jpg", encoded(scene())), ("b.png", encoded(scene(), "PNG"))):
        path = tmp_path / name
        path.write_bytes(data)
        assert np.array_equal(decode(path, 16, 3).pixels, decode(data, 16, 3).pixels)


@pytest.mark.parametrize("cut", [3, 30, 300, -40])
def test_a_jpeg_cut_short_is_refused(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    path.write_bytes(encoded(scene(200, 150))[:cut])
    with pytest.raises(StudioError, match=r"cut\.jpg"):
        decode(path, 16, 3)


def test_a_jpeg_that_promises_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    data = bytearray(encoded(scene()))
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = b"\xff\xf0\xff\xf0"
    with pytest.raises(StudioError, match=f"more than {MAX_PIXELS // 10**6} million pixels"):
        decode(bytes(data), 16, 3)


def test_damaged_jpegs_are_opened_or_refused_as_by_the_rule() -> None:
    random = np.random.default_rng(5)
    whole = [encoded(scene()), encoded(scene(), exif=exif(6), quality=92), encoded(scene(), progressive=True)]
    outcomes = []
    for number in range(600):
        data = bytearray(whole[number % 3])
        for _ in range(random.integers(1, 8)):
            data[random.integers(2, min(len(data), random.choice([400, 10_000])))] = random.integers(256)
        try:
            wanted = expected(bytes(data), 20, 3)
        except StudioError:
            with pytest.raises(StudioError):
                decode(bytes(data), 20, 3)
            outcomes.append("refused")
        else:
            assert np.array_equal(decode(bytes(data), 20, 3).pixels, wanted)
            outcomes.append("opened")
    assert outcomes.count("refused") > 50
    assert outcomes.count("opened") > 50


@pytest.mark.parametrize("sampling", [0x14, 0x41, 0x42, 0x13])
def test_jpegs_with_colours_sampled_in_unusual_ways(sampling: int) -> None:
    data = bytearray(encoded(scene(), subsampling=0))
    data[data.index(b"\xff\xc0") + 11] = sampling
    assert np.array_equal(decode(bytes(data), 20, 3).pixels, expected(bytes(data), 20, 3))


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"hello", bytes(1000)])
def test_what_is_no_picture_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(content)
    with pytest.raises(StudioError, match=r"x\.jpg"):
        decode(path, 16, 3)


def test_results_come_in_order_whichever_are_done_in_threads() -> None:
    def start(pool: ThreadPoolExecutor, item: int) -> "Future[int] | int":
        return pool.submit(lambda: item * item) if item % 3 else item * item

    assert list(in_order(start, range(500), lambda: None, threads=3)) == [item * item for item in range(500)]


def test_only_a_few_items_are_taken_ahead() -> None:
    taken = []

    def items() -> Iterator[int]:
        for item in range(1000):
            taken.append(item)
            yield item

    results = in_order(lambda pool, item: pool.submit(int, item), items(), lambda: None, threads=2)
    for _ in range(10):
        next(results)
    assert len(taken) < 30
    results.close()


def test_a_cancel_is_answered_while_a_result_is_waited_for() -> None:
    class CancelError(Exception):
        pass

    release = threading.Event()
    begun = []

    def work(item: int) -> int:
        begun.append(item)
        release.wait(20)
        return item

    def cancel() -> None:
        release.set()
        raise CancelError

    with pytest.raises(CancelError):
        list(in_order(lambda pool, item: pool.submit(work, item), range(1000), cancel, threads=2))
    assert len(begun) < 10
