"""Finding pictures: order, links, archives, what is left out."""

import os
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from cnnstudio.data.folders.files import list_pictures
from cnnstudio.data.folders.names import natural_key
from cnnstudio.data.pictures.open import open_image
from cnnstudio.errors import StudioError
from tests.data.made_folders import MADE


def picture(path: Path, size: int = 4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (size, size), "red").save(path)
    return path


def names(folder: Path, *more: Path) -> list[str]:
    return [os.path.relpath(file.name, folder) for file in list_pictures([folder, *more])[0]]


def test_the_order_is_that_of_people(tmp_path: Path) -> None:
    for name in ("10.png", "9.png", "b/2.png", "b/x/1.png", "B2.png", "a/img12.jpg", "a/img2.jpg", "a/Img3.jpg"):
        picture(tmp_path / name)
    expected = "9.png 10.png B2.png a/img2.jpg a/Img3.jpg a/img12.jpg b/2.png b/x/1.png"
    assert names(tmp_path) == expected.split()


@pytest.mark.parametrize(
    ("first", "second"), [("a2", "a10"), ("a", "B"), ("2", "a"), ("a", "a1"), ("日本2", "日本10"), ("²", "³")]
)
def test_natural_key(first: str, second: str) -> None:
    assert natural_key(first) < natural_key(second)


def test_what_is_no_picture_is_left_out(tmp_path: Path) -> None:
    for name in ("a.PNG", ".hidden.png", ".git/b.png", "IMG_1.HEIC", "IMG_1.MOV", "IMG_2.dng", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    files, problems = list_pictures([tmp_path])
    assert [Path(file.name).name for file in files] == ["a.PNG", "IMG_1.HEIC", "IMG_2.dng"]
    assert problems == []


@pytest.mark.parametrize("name", [name for name in MADE if "masks" in name])
def test_the_masks_that_an_import_leaves_out_are_left_out_and_told(tmp_path: Path, name: str) -> None:
    made, left_out = MADE[name], []
    files, problems = list_pictures([made.make(tmp_path / "set")], left_out)
    assert (len(files), problems) == (sum(made.counts["all"]), [])
    assert len(left_out) == 1 and "mask" in left_out[0].text and left_out[0].text.endswith(".")


def test_a_folder_of_masks_that_is_named_itself_is_taken(tmp_path: Path) -> None:
    picture(tmp_path / "masks" / "1_mask.png")
    assert names(tmp_path / "masks") == ["1_mask.png"]


def test_a_file_that_is_named_is_taken_whatever_its_name(tmp_path: Path) -> None:
    named = picture(tmp_path / "a.png").rename(tmp_path / ".photo")
    assert names(tmp_path, named, named) == [".photo"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_in_a_circle(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "again").symlink_to("a")
    (tmp_path / "gone.png").symlink_to("nowhere.png")
    files, problems = list_pictures([tmp_path])
    assert [Path(file.name).name for file in files] == ["1.png"]
    assert f"{tmp_path / 'gone.png'}: It is a link to nothing." in problems


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user whom permissions concern")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    picture(tmp_path / "closed" / "1.png")
    picture(tmp_path / "open" / "2.png")
    (tmp_path / "closed").chmod(0)
    try:
        files, problems = list_pictures([tmp_path])
    finally:
        (tmp_path / "closed").chmod(0o755)
    assert len(files) == 1
    assert "closed" in problems[0]


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names are text there")
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    source.rename(tmp_path / os.fsdecode(b"\xff.png"))
    [file] = list_pictures([tmp_path])[0]
    assert file.name.endswith("\\xff.png")
    assert open_image(file.source()).size == (4, 4)


def test_an_archive(tmp_path: Path) -> None:
    packed = tmp_path / "photos.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("b/2.png", "b/10.png", "a.png"):
            archive.write(picture(tmp_path / "source" / name, 7), name)
        archive.writestr("__MACOSX/._a.png", b"x")
        archive.writestr("read.me", b"x")
    files, _ = list_pictures([packed])
    assert [file.name.removeprefix(f"{packed}/") for file in files] == ["a.png", "b/2.png", "b/10.png"]
    assert all(open_image(file.source()).size == (7, 7) for file in files)


def test_an_archive_that_is_none_or_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    path.write_bytes(b"no archive")
    with pytest.raises(StudioError, match=r"photos\.zip"):
        list_pictures([path])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", bytes(1000))
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    [file] = list_pictures([path])[0]
    with pytest.raises(StudioError, match=r"a\.png"):
        file.source()
