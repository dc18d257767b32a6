"""Zips of images: read where they lie, and refused where they are hostile."""

import io
import stat
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.folders import zip_file as archives
from cnnstudio.data.folders.load import load_folder, survey_folder
from cnnstudio.errors import StudioError

CLASSES = ("cat", "dog")


def picture(number: int, side: int = 12) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def members(prefix: str = "", each: int = 4) -> dict[str, bytes]:
    names = [f"{prefix}{label}/{number}.png" for label in CLASSES for number in range(each)]
    return {name: picture(number) for number, name in enumerate(names)}


def zipped(path: Path, content: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in content.items():
            file.writestr(zipfile.ZipInfo(name), data, method)
    return path


def directory_entries(data: bytes) -> Iterable[int]:
    """Where the entries of the archive's directory begin."""
    start = data.find(b"PK\x01\x02")
    while start >= 0:
        yield start
        start = data.find(b"PK\x01\x02", start + 4)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("prefix", ["", "photos/", "a/b/c/"])
def test_a_zip_gives_what_its_folder_gives(tmp_path: Path, prefix: str, method: int) -> None:
    path = zipped(tmp_path / "photos.zip", members(prefix), method)
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "unpacked")
    ours, theirs = load_folder(path), load_folder(tmp_path / "unpacked")
    assert ours.classes == theirs.classes == CLASSES
    assert np.array_equal(ours.train.images[:], theirs.train.images[:])
    assert np.array_equal(ours.test.labels, theirs.test.labels)
    assert ours.name == str(path)


def test_splits_and_settings_are_found_in_a_zip(tmp_path: Path) -> None:
    content = members("set/Train/") | {"set/TEST/cat/x.png": picture(90), "set/TEST/dog/y.png": picture(91)}
    content["set/dataset.json"] = b'{"format": 1, "input_rule": "digit", "image_size": 28, "channels": 1}'
    survey = survey_folder(zipped(tmp_path / "a.zip", content))
    assert {split: counts.tolist() for split, counts in survey.counts.items()} == {"train": [4, 4], "test": [1, 1]}
    assert (survey.image_size, survey.channels, survey.input_rule) == (28, 1, "digit")


def test_what_systems_add_to_zips_is_left_out(tmp_path: Path) -> None:
    content = members() | {"__MACOSX/cat/._0.png": b"x", "cat/.DS_Store": b"x", "dog/Thumbs.db": b"x", "README": b"x"}
    survey = survey_folder(zipped(tmp_path / "a.zip", content))
    assert survey.counts["all"].tolist() == [4, 4]
    assert survey.notes == (
        "2 of the 8 images (about 15 % of each class) will be set aside for testing.",
        "“cat” and “dog” have fewer than 10 images for training. More would help.",
    )


@pytest.mark.parametrize("flagged", [True, False])
def test_names_in_any_script(tmp_path: Path, flagged: bool) -> None:
    path = zipped(tmp_path / "a.zip", {f"{name}/{i}.png": picture(i) for name in ("猫", "собака") for i in range(3)})
    if not flagged:
        # As programs write them that use UTF-8 and do not say so.
        data = bytearray(path.read_bytes())
        for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            start = data.find(sign)
            while start >= 0:
                data[start + offset + 1] &= ~0x08
                start = data.find(sign, start + 4)
        path.write_bytes(data)
    assert survey_folder(path).classes == ("собака", "猫")


def test_folders_may_be_parted_by_backslashes(tmp_path: Path) -> None:
    content = {name.replace("/", "\\"): data for name, data in members("set/").items()}
    assert survey_folder(zipped(tmp_path / "a.zip", content)).classes == CLASSES


@pytest.mark.parametrize(
    "name", ["../../evil.png", "cat/../../evil.png", "/etc/evil.png", "C:\\evil.png", "c:evil.png", "..\\evil.png"]
)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", members() | {name: picture(99)})
    for read in (survey_folder, load_folder):
        with pytest.raises(StudioError, match="leads out of the archive's folder"):
            read(path)


def test_a_password_is_said(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", members())
    data = bytearray(path.read_bytes())
    for start in directory_entries(bytes(data)):
        data[start + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(StudioError, match="protected with a password"):
        load_folder(path)


def test_an_archive_that_would_fill_the_disk_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", members())
    data = bytearray(path.read_bytes())
    for start in directory_entries(bytes(data)):
        data[start + 24 : start + 28] = struct.pack("<L", 0xFFFFFF00)
    path.write_bytes(data)
    with pytest.raises(StudioError, match=r"would grow from \d\.\d kB to 34\.4 GB"):
        load_folder(path)


def test_a_real_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_HARMLESS", 100 << 20)
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name in CLASSES:
            with file.open(f"{name}/bomb.bmp", "w", force_zip64=True) as member:
                for _ in range(60):
                    member.write(bytes(1 << 20))
    with pytest.raises(StudioError, match="looks like a zip bomb"):
        load_folder(path)


def test_a_member_larger_than_it_says_is_unreadable(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", members() | {"cat/z.png": picture(50, side=60)})
    data = bytearray(path.read_bytes())
    *_, last = directory_entries(bytes(data))
    data[last + 24 : last + 28] = struct.pack("<L", 100)
    path.write_bytes(data)
    report = load_folder(path).report
    assert [name for name, _ in report.unreadable] == ["cat/z.png"]


def test_a_member_too_large_for_memory_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 40_000)
    path = zipped(tmp_path / "a.zip", members() | {"cat/z.png": picture(50, side=200)})
    assert [name for name, _ in load_folder(path).report.unreadable] == ["cat/z.png"]


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 7)
    with pytest.raises(StudioError, match="more than 7 files"):
        load_folder(zipped(tmp_path / "a.zip", members()))


def test_a_directory_that_would_fill_memory_is_not_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", members())
    data = bytearray(path.read_bytes())
    data[-10:-6] = struct.pack("<L", 1 << 30)
    path.write_bytes(data)
    with pytest.raises(StudioError, match="more than 1,000,000 files"):
        load_folder(path)


@pytest.mark.parametrize("keep", [0, 10, 500, -30])
def test_a_damaged_archive_is_said(tmp_path: Path, keep: int) -> None:
    path = zipped(tmp_path / "a.zip", members())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(StudioError, match=r"a\.zip is (empty|no zip archive)"):
        load_folder(path)


def test_a_damaged_member_is_left_out(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", members())
    data = bytearray(path.read_bytes())
    data[150:160] = bytes(10)
    path.write_bytes(data)
    report = load_folder(path).report
    assert [name for name, _ in report.unreadable] == ["cat/0.png"]
    assert "damaged" in report.unreadable[0][1]
    assert report.counts.sum() == 7


def test_any_other_file_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(picture(1))
    with pytest.raises(StudioError, match="is no zip archive"):
        survey_folder(path)


def test_links_and_odd_packing_are_left_out(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", members())
    with zipfile.ZipFile(path, "a") as file:
        link = zipfile.ZipInfo("cat/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
        file.writestr("dog/odd.png", picture(80), zipfile.ZIP_LZMA)
    report = load_folder(path).report
    assert dict(report.unreadable).keys() == {"cat/link.png", "dog/odd.png"}


def test_large_members_are_read_by_threads(tmp_path: Path) -> None:
    content = {f"{label}/{i}.png": picture(50 * i + len(label), side=150) for label in ("a", "bb") for i in range(12)}
    path = zipped(tmp_path / "a.zip", content)
    dataset = load_folder(path, 150, 3)
    images = [np.asarray(Image.open(io.BytesIO(content[f"bb/{i}.png"]))) for i in range(12)]
    kept = dataset.train.images[dataset.train.labels == 1]
    assert all(any(np.array_equal(image, original) for original in images) for image in kept)
    assert dataset.report.counts.sum() == 24


def test_a_changed_archive_is_read_again(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", members())
    assert load_folder(path).report.counts.sum() == 8
    zipped(path, members(each=6))
    assert load_folder(path).report.counts.sum() == 12


def test_nothing_is_unpacked(tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "a.zip", members())
    load_folder(path)
    files = {file.name for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".lock"}
    assert files == {"a.zip", "images.bin", "index.npz"}


def test_a_data_set_of_jpeg_files_in_a_zip(datasets_folder: Path, tmp_path: Path) -> None:
    """A tenth of the airplanes of CIFAR-10 and a hundredth of all else, as somebody would bring them."""
    chosen = tmp_path / "chosen.zip"
    with (
        zipfile.ZipFile(datasets_folder / "cifar10" / "cifar10-jpeg.zip") as whole,
        zipfile.ZipFile(chosen, "w") as part,
    ):
        for name in whole.namelist():
            if name.endswith("0.jpg" if "/airplane/" in name else "00.jpg"):
                part.writestr(name, whole.read(name))
    dataset = load_folder(chosen)
    assert dataset.image_shape == (32, 32, 3)
    assert dataset.classes[0] == "airplane"
    assert len(dataset.classes) == 10
    assert np.bincount(dataset.train.labels).tolist() == [500, *[50] * 9]
    assert np.bincount(dataset.test.labels).tolist() == [100, *[10] * 9]
    assert dataset.report.own_split
    assert dataset.report.unreadable_count == 0
    assert np.abs(dataset.train.images[:500].mean(axis=(0, 1, 2)) - (134, 142, 149)).max() < 5
