"""Pictures from anywhere: what opens, how it looks then, and what is said of the rest."""

import io
import os
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin, features

from cnnstudio.data.pictures.open import (
    FORMATS,
    KINDS,
    MAX_FILE_BYTES,
    MAX_PIXELS,
    OTHER_KINDS,
    PICTURE_ENDINGS,
    open_image,
    read_header,
    to_array,
)
from cnnstudio.errors import StudioError
from tests.data.heic import DEPTH, GAIN_MAP, MIRRORED, SIZE, box, heic, rotated
from tests.data.phone_photos import ORIENTATIONS, PHOTOS, encoded, exif, photo, stored, xmp

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)


def quarters() -> Image.Image:
    """Four colours, so that every rotation and reflection looks different; 40 wide, 24 high."""
    pixels = np.zeros((24, 40, 3), np.uint8)
    pixels[:12, :20], pixels[:12, 20:], pixels[12:, :20], pixels[12:, 20:] = RED, GREEN, BLUE, WHITE
    return Image.fromarray(pixels)


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG by hand: its header promises width × height grey pixels, whatever `data` holds."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


WRITABLE = ["PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "PPM", "TGA", "ICO", "PCX", "SGI", "DDS", "QOI", "ICNS"]
WRITABLE += [
    format
    for format, feature in (("WEBP", "webp"), ("JPEG2000", "jpg_2000"), ("AVIF", "avif"))
    if features.check(feature)
]


@pytest.mark.parametrize("format", WRITABLE)
def test_a_picture_of_every_format_shows_its_colours(format: str, tmp_path: Path) -> None:
    image = quarters().resize((64, 64), Image.Resampling.NEAREST)
    path = tmp_path / "picture"
    path.write_bytes(encoded(image, format))
    opened = open_image(path)
    assert opened.mode == "RGB"
    got = to_array(opened.resize((64, 64)), 3).astype(int)
    for row, column, colour in ((8, 8, RED), (8, 56, GREEN), (56, 8, BLUE), (56, 56, WHITE)):
        assert np.abs(got[row, column] - colour).max() < 12


def test_the_allowed_formats_are_decoded_in_this_process() -> None:
    Image.init()
    assert not {"EPS", "WMF", "FITS", "MPEG", "HDF5", "GRIB", "BUFR", "IPTC"} & set(FORMATS)
    open_image(encoded(quarters(), "PNG"))
    assert set(FORMATS) - set(Image.OPEN) <= {"AVIF"}, "only what a build of Pillow may lack"


def test_every_ending_of_what_can_be_opened_is_known() -> None:
    open_image(encoded(quarters(), "PNG"))
    formats = {**{name: kind for kind in KINDS for name in kind.formats}, "MPO": KINDS[0]}
    for ending, name in Image.registered_extensions().items():
        assert name not in formats or ending in formats[name].endings, ending
    endings = [ending for kind in (*KINDS, *OTHER_KINDS) for ending in kind.endings]
    assert len(endings) == len(set(endings)) == len(PICTURE_ENDINGS)
    assert {".jpg", ".jfif", ".mpo", ".jp2", ".heic", ".heif", ".hif", ".dng", ".svg"} <= PICTURE_ENDINGS


def test_eps_starts_no_ghostscript(tmp_path: Path) -> None:
    path = tmp_path / "drawing.eps"
    quarters().save(path)
    with pytest.raises(StudioError, match=r"drawing\.eps is a PostScript drawing"):
        open_image(path)


TAGGED = ["JPEG", "MPO", "PNG", "TIFF", "WEBP", *(["AVIF"] if features.check("avif") else [])]
"""Formats that hold EXIF."""


def difference(picture: Image.Image, expected: Image.Image) -> float:
    """The mean difference of the pixels' values, 0–255."""
    assert picture.size == expected.size
    return np.abs(to_array(picture, 3).astype(int) - to_array(expected, 3)).mean()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("format", TAGGED)
def test_exif_rotation_is_applied(orientation: int, format: str) -> None:
    assert difference(open_image(photo(quarters(), orientation, format)), quarters()) < 8


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_where_there_is_no_exif_xmp_counts(orientation: int, format: str) -> None:
    note: dict[str, object] = {"xmp": xmp(orientation)}
    if format == "PNG":
        note = {"pnginfo": PngImagePlugin.PngInfo()}
        note["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp(orientation).decode())
    lying = stored(quarters(), orientation)
    assert difference(open_image(encoded(lying, format, **note)), quarters()) < 8
    contradicted = encoded(quarters(), format, exif=exif(1), **note)
    assert difference(open_image(contradicted), quarters()) < 8


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow does not read AVIF")
def test_avif_is_turned_by_its_own_rule_alone() -> None:
    assert difference(open_image(encoded(quarters(), "AVIF", xmp=xmp(6))), quarters()) < 4
    lying = encoded(stored(quarters(), 6), "AVIF", exif=exif(6), xmp=xmp(3))
    assert difference(open_image(lying), quarters()) < 4


def noted(kind: str) -> Image.Image:
    """A picture that carries something on which an opening acts."""
    image = stored(quarters(), 6)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    match kind:
        case "EXIF":
            data = encoded(image, "PNG", exif=exif(6))
        case "EXIF as a text":
            text = PngImagePlugin.PngInfo()
            text.add_text("Raw profile type exif", "\nexif\n      26\n" + exif(6).tobytes().hex())
            data = encoded(image, "PNG", pnginfo=text)
        case "XMP":
            text = PngImagePlugin.PngInfo()
            text.add_itxt("XML:com.adobe.xmp", xmp(6).decode())
            data = encoded(image, "PNG", pnginfo=text)
        case "a tag of TIFF":
            data = encoded(image, "TIFF", exif=exif(6))
        case "a tag that was set in memory":
            image.getexif()[0x0112] = 6
            return image
        case "a colour profile":
            data = encoded(quarters(), "PNG", icc_profile=profile)
        case "a transparent colour":
            data = encoded(quarters().convert("L"), "PNG", transparency=255)
        case "a transparent colour of a palette":
            data = encoded(quarters().quantize(4), "GIF", transparency=0)
        case "frames":
            data = encoded(quarters(), "GIF", save_all=True, append_images=[image.resize((40, 24))], duration=50)
        case "a rule of HEIC":
            data = heic([rotated(3)], exif=exif(6).tobytes()[6:], beside=[DEPTH, GAIN_MAP])
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    "kind",
    [
        "EXIF",
        "EXIF as a text",
        "XMP",
        "a tag of TIFF",
        "a tag that was set in memory",
        "a colour profile",
        "a transparent colour",
        "a transparent colour of a palette",
        "frames",
        "a rule of HEIC",
    ],
)
def test_what_was_opened_once_is_opened_for_good(kind: str) -> None:
    open_image(encoded(quarters(), "PNG"))  # from now on Pillow itself opens all formats
    given = noted(kind)
    before = dict(given.info)
    opened = open_image(given)
    assert given.info.keys() == before.keys(), "the picture that was given stays as it was"
    assert opened.info == {}
    assert dict(opened.getexif()) == {}
    assert not opened.has_transparency_data
    assert getattr(opened, "n_frames", 1) == 1
    assert opened.size == (SIZE[::-1] if kind == "a rule of HEIC" else (40, 24))
    for again in (open_image(opened), open_image(encoded(opened, "PNG")), open_image(opened.copy())):
        assert again.mode == opened.mode
        assert np.array_equal(again, opened)


# HEIC, in which iPhones save their photos.


def test_photos_of_a_phone_stand_upright() -> None:
    jpeg, phone = (open_image(PHOTOS / f"seven-phone.{ending}") for ending in ("jpg", "heic"))
    assert jpeg.size == phone.size == SIZE
    assert difference(phone, jpeg) < 6
    assert to_array(phone, 1)[..., 0][260:330, 500:760].min() < 90, "the bar of the 7 is at the top, to the right"


TURNS = {
    1: [],
    2: [MIRRORED[1]],
    3: [rotated(2)],
    4: [MIRRORED[0]],
    5: [rotated(1), MIRRORED[0]],
    6: [rotated(3)],
    7: [rotated(3), MIRRORED[0]],
    8: [rotated(1)],
}
"""What HEIC says instead of each of EXIF's orientations."""


@pytest.fixture(scope="module")
def lying() -> Image.Image:
    return open_image(heic())


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_heic_is_turned_once_by_its_own_rule(lying: Image.Image, orientation: int) -> None:
    """Phones note in EXIF, too, how they were held; programs leave that note behind, true or not."""
    expected = open_image(encoded(lying, "PNG", exif=exif(orientation), compress_level=1))
    for noted in (None, 1, 6):
        notes = {} if noted is None else {"exif": exif(noted).tobytes()[6:], "xmp": xmp(noted)}
        opened = open_image(heic(TURNS[orientation], **notes))
        assert opened.size == expected.size
        assert np.array_equal(opened, expected)


def test_heic_of_many_pictures_gives_the_main_one() -> None:
    assert np.array_equal(open_image(heic(count=3, primary=2)), open_image(heic()))
    assert np.array_equal(open_image(heic(beside=[DEPTH, GAIN_MAP])), open_image(heic()))


def test_heic_of_tiles_is_put_together() -> None:
    """As iPhones save it: in tiles, turned as a whole."""
    tile = np.asarray(open_image(heic()))
    opened = open_image(heic([rotated(3)], count=6, tiles=(2, 3), exif=exif(6).tobytes()[6:]))
    assert np.array_equal(opened, np.rot90(np.tile(tile, (3, 2, 1)), -1))


def test_heic_of_ten_bits_opens_as_eight() -> None:
    opened = to_array(open_image(PHOTOS / "ten-bits.heic"), 3).astype(int)
    assert opened.shape == (48, 64, 3)
    y, x = np.mgrid[:48, :64]
    expected = np.stack([1000 * x, 1300 * y, 500 * (x + y)], axis=-1) / 257
    assert np.abs(opened - expected).mean() < 4


def test_heic_by_the_name_of_its_family() -> None:
    """The brand mif1 does not say whether the picture is HEIC or AVIF."""
    assert np.array_equal(open_image(heic(brand=b"mif1")), open_image(heic()))
    if features.check("avif"):
        data = encoded(quarters(), "AVIF")
        assert difference(open_image(data.replace(b"ftypavif", b"ftypmif1")), quarters()) < 4


@pytest.mark.parametrize("kind", [b"infe\2\0\0\0\0\2\0\0", b"application/"])
def test_damaged_notes_do_not_hide_a_heic(kind: bytes) -> None:
    """Such a file takes down the process that asks pi-heif for its notes."""
    data = heic([rotated(1)], exif=exif(6).tobytes()[6:], xmp=xmp(3))
    place = data.index(kind) + len(kind)
    damaged = data[:place] + b"\xba" + data[place + 1 :]
    assert np.array_equal(open_image(damaged), open_image(heic([rotated(1)])))


def test_the_head_of_a_heic_tells_its_size() -> None:
    assert read_header(heic([rotated(1)])) == (*SIZE[::-1], "RGB")
    assert read_header((PHOTOS / "seven-phone.heic").read_bytes()[:2000]) == (*SIZE, "RGB")
    assert read_header(heic()[:200]) is None
    assert read_header(heic(exif=exif(6).tobytes()[6:])[:2000]) is None, "its notes come after its pixels"


def test_a_heic_that_says_it_is_huge_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(StudioError, match="The picture has more than 128 million pixels"):
        open_image(heic(size=(12_000, 11_000)))


@pytest.mark.parametrize(
    "data",
    [
        heic()[:100],
        heic()[:5000],
        heic()[:-30],
        heic(exif=exif(6).tobytes()[6:])[:5000],
        heic(count=0),
        heic(size=(64, 64)),
        heic(size=(2000, 1000)),
        heic(size=(0, 64)),
        heic(primary=5),
        heic()[:28] + box(b"free") * 100_000 + heic()[28:],
        heic(count=6, tiles=(60, 60), size=(8, 8)),
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    ],
)
def test_a_damaged_heic_is_told(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(data)
    for source, name in ((path, str(path)), (data, "The picture")):
        with pytest.raises(StudioError) as caught:
            open_image(source)
        assert str(caught.value) == f"{name} is damaged or cut short. Save or download it again."


def test_damaged_exif_does_not_hide_the_picture() -> None:
    data = encoded(quarters(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12")
    assert open_image(data).size == (40, 24)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 257, 32768, 65535]], np.uint16), [0, 1, 127, 255]),
        (np.array([[0, 1000, 65535, 32768]], np.int32), [0, 4, 255, 128]),
        (np.array([[0, 100, 200, 255]], np.int32), [0, 100, 200, 255]),
        (np.array([[-1000, 0, 1000, 100_000]], np.int32), [0, 3, 5, 255]),
        (np.array([[0.0, 0.25, 0.5, 1.0]], np.float32), [0, 64, 128, 255]),
        (np.array([[0.0, 100.0, 200.0, 255.0]], np.float32), [0, 100, 200, 255]),
        (np.array([[-1.0, 0.0, 1.0, 3.0]], np.float32), [0, 64, 128, 255]),
        (np.array([[np.nan, np.inf, 0.0, 1.0]], np.float32), [0, 0, 0, 255]),
        (np.full((1, 4), 1e30, np.float32), [0, 0, 0, 0]),
    ],
)
def test_deep_pixels_are_scaled_to_eight_bits(values: np.ndarray, expected: list[int]) -> None:
    opened = open_image(encoded(Image.fromarray(values), "TIFF"))
    assert opened.mode == "L"
    assert to_array(opened, 1).ravel().tolist() == expected


def test_a_16_bit_png_is_scaled() -> None:
    values = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    assert to_array(open_image(encoded(Image.fromarray(values), "PNG")), 1).ravel().tolist() == list(range(256))


def test_transparency_is_laid_on_white() -> None:
    pixels = np.zeros((2, 3, 4), np.uint8)
    pixels[0] = [(0, 0, 0, 255), (0, 0, 0, 0), (200, 0, 0, 128)]
    opened = to_array(open_image(encoded(Image.fromarray(pixels), "PNG")), 3).astype(int)
    assert opened[0, 0].tolist() == [0, 0, 0]
    assert opened[0, 1].tolist() == opened[1, 2].tolist() == [255, 255, 255]
    assert np.abs(opened[0, 2] - (227, 127, 127)).max() <= 1


def test_white_ink_on_transparent_ground_can_be_seen() -> None:
    pixels = np.full((4, 4, 4), 255, np.uint8)
    pixels[..., 3] = 0
    pixels[1:3, 1:3, 3] = 255
    opened = to_array(open_image(Image.fromarray(pixels)), 1)[..., 0]
    assert opened.tolist() == [[0] * 4, [0, 255, 255, 0], [0, 255, 255, 0], [0] * 4]


def test_wholly_transparent_is_white() -> None:
    assert to_array(open_image(Image.new("RGBA", (2, 2), (0, 0, 0, 0))), 1).min() == 255


def test_a_palette_with_a_transparent_colour() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putdata([0, 1])
    opened = to_array(open_image(encoded(image, "PNG", transparency=0)), 3)
    assert opened.tolist() == [[[255, 255, 255], [255, 0, 0]]]


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "I;16", "I", "F", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV"]
)
def test_every_mode_becomes_grey_or_colour(mode: str) -> None:
    opened = open_image(Image.new(mode, (5, 3)))
    assert opened.mode == ("L" if mode in ("1", "L", "LA", "I;16", "I", "F") else "RGB")
    assert opened.size == (5, 3)


def test_cmyk_shows_its_colours() -> None:
    opened = open_image(encoded(quarters().convert("CMYK"), "JPEG", quality=95, subsampling=0))
    got = to_array(opened, 3).astype(int)
    assert np.abs(got[6, 10] - RED).max() < 12
    assert np.abs(got[18, 30] - WHITE).max() < 12


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF", "MPO"])
def test_an_animation_gives_its_first_frame(format: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "white")]
    opened = open_image(encoded(frames[0], format, save_all=True, append_images=frames[1:]))
    assert np.abs(to_array(opened, 3)[4, 4].astype(int) - RED).max() < 12


def test_one_pixel() -> None:
    assert to_array(open_image(encoded(Image.new("L", (1, 1), 7), "PNG")), 1).tolist() == [[[7]]]


def test_grey_and_colour_arrays() -> None:
    assert to_array(quarters(), 1)[..., 0][[0, 0, 23, 23], [0, 39, 0, 39]].tolist() == [76, 75, 29, 255]
    grey = to_array(Image.new("L", (3, 2), 9), 3)
    assert grey.shape == (2, 3, 3)
    assert (grey == 9).all()
    grey[:] = 0  # writable


# What cannot be opened: each gets one clear sentence that names the file, says why and what to do.

JPEG = encoded(quarters(), "JPEG")
BAD_FILES = {
    "empty.png": (b"", r"is empty \(0 bytes\)\. Save or download it again\."),
    "text.png": (b"This is no picture at all.\n" * 20, r"is damaged, or not a picture despite its name\. Save or"),
    "text.txt": (b"This is no picture at all.\n" * 20, r"is not a picture that can be opened here\. Choose JPEG, PNG"),
    "truncated.jpg": (JPEG[:-30], r"is damaged or cut short\. Save or download it again\."),
    "truncated.png": (encoded(quarters(), "PNG")[:90], r"is damaged or cut short"),
    "header_only.gif": (encoded(quarters(), "GIF")[:13], r"is damaged"),
    "huge.png": (png(30_000, 30_000), r"has more than 128 million pixels\. Scale it down"),
    "large.png": (png(12_000, 11_000), r"has more than 128 million pixels"),
    "zero.png": (png(0, 5), r"is not a picture|has no pixels|is damaged"),
    "raw.cr2": (
        b"II*\0\x10\0\0\0CR\x02\0" + bytes(100),
        r"is a raw photo, which cannot be opened here\. Save it as JPEG in",
    ),
    "preview.dng": (encoded(quarters(), "TIFF", tiffinfo={254: 1}), r"is a raw photo"),
    "live.mov": (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", r"is a video, which cannot be opened here\. Save one picture"),
    "document.pdf": (b"%PDF-1.7\n" + bytes(100), r"is a PDF document"),
    "drawing.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', r"is an SVG drawing"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_what_is_no_picture_is_refused_in_plain_words(name: str, tmp_path: Path) -> None:
    content, pattern = BAD_FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(StudioError, match=pattern) as caught:
        open_image(path)
    text = str(caught.value)
    assert text.startswith(str(path)), "the file is named"
    assert text.endswith(".") and "\n" not in text and len(text) < len(str(path)) + 140
    with pytest.raises(StudioError, match=r"^The picture "):
        open_image(content)


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are POSIX")
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    # 400 million zeros in 400 kB, under a header that promises 20,000 × 20,000 pixels.
    unpacked = zlib.compressobj(1)
    data = b"".join([*(unpacked.compress(bytes(20_001 * 100)) for _ in range(200)), unpacked.flush()])
    path = tmp_path / "bomb.png"
    path.write_bytes(png(20_000, 20_000, data))
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(StudioError, match="million pixels"):
        open_image(path)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if sys.platform == "darwin" else 1024)
    assert grown < 50e6


def test_a_pillow_image_is_bounded_too() -> None:
    image = Image.open(io.BytesIO(png(12_000, 11_000)))
    assert image.width * image.height > MAX_PIXELS
    with pytest.raises(StudioError, match="The picture has more than 128 million pixels"):
        open_image(image)


def test_a_huge_file_is_not_looked_into(tmp_path: Path) -> None:
    path = tmp_path / "huge.tiff"
    with path.open("wb") as file:
        file.write(b"II*\0")
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(StudioError, match=r"huge\.tiff has 1\.1 GB, too much for a picture"):
        open_image(path)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"is a folder\. Choose a picture in it\."):
        open_image(tmp_path)


@pytest.mark.parametrize("name", ["none.png", "no/such/folder.png", "nul\0.png", "a" * 5000 + ".png"])
def test_a_missing_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"does not exist|cannot be read"):
        open_image(tmp_path / name)


def test_a_name_that_is_no_text_can_be_printed(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        open_image(os.fsdecode(bytes(tmp_path) + b"/\xff\xfe.png"))
    str(caught.value).encode("utf-8")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
@pytest.mark.timeout(20)
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    with pytest.raises(StudioError, match=r"pipe\.png is a device or a pipe"):
        open_image(pipe)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev here")
@pytest.mark.timeout(20)
def test_a_device_does_not_hang() -> None:
    with pytest.raises(StudioError, match="/dev/zero is a device or a pipe"):
        open_image("/dev/zero")


@pytest.fixture
def ordinary_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Root may read everything, so that the test's process becomes nobody for a while."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")
def test_no_permission(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(png(1, 1))
    path.chmod(0)
    request.getfixturevalue("ordinary_user")
    with pytest.raises(StudioError, match=r"secret\.png may not be read"):
        open_image(path)


@pytest.mark.parametrize("format", [*WRITABLE, "HEIC"])
def test_a_file_with_wrong_bytes_opens_or_is_refused(format: str) -> None:
    """Nothing but a picture or a StudioError comes out, whatever is wrong with the file."""
    if format == "HEIC":
        whole = heic([rotated(1)], exif=exif(6).tobytes()[6:], xmp=xmp(3), beside=[DEPTH, GAIN_MAP])
    else:
        whole = encoded(quarters().resize((64, 64)), format)
    random = np.random.default_rng(0)
    outcomes = set()
    for _ in range(60):
        data = np.frombuffer(whole, np.uint8).copy()
        if random.random() < 0.3:
            data = data[: random.integers(1, len(data))]
        for position in random.integers(0, min(len(data), 400), size=random.integers(1, 12)):
            data[position] = random.integers(256)
        try:
            outcomes.add(open_image(data.tobytes()).mode in ("L", "RGB"))
        except StudioError as error:
            outcomes.add(str(error).startswith("The picture "))
    assert outcomes == {True}
