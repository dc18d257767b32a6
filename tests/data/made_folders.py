"""Folders of pictures in the ways in which people have them, made of tiny pictures."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image


def paint(path: Path, number: int) -> Path:
    """A tiny picture like no other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, {".heic": "PNG", ".avif": "AVIF"}.get(path.suffix.lower(), "PNG"))
    return path


def paint_all(root: Path, names: Sequence[str]) -> Path:
    """A folder with pictures of these names."""
    for number, name in enumerate(names):
        paint(root / name, number)
    return root


def write(root: Path, files: dict[str, str | bytes]) -> None:
    """Puts files of text or bytes into a folder."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def each(pattern: str, *classes: str, count: int = 4) -> list[str]:
    """So many names for each class; “{c}” stands for the class, “{n}” for a number that occurs once."""
    return [
        pattern.format(c=name, n=count * place + index) for place, name in enumerate(classes) for index in range(count)
    ]


@dataclass(frozen=True)
class MadeFolder:
    """A folder as somebody has it.

    Attributes:
        pictures: their paths.
        classes: that they show.
        counts: of pictures in each class, by split, as they should be found without being asked; “all” where the folder
            says nothing of splits.
        files: other files, by path.
    """

    pictures: tuple[str, ...]
    classes: tuple[str, ...]
    counts: dict[str, list[int]]
    files: dict[str, str | bytes]

    def make(self, root: Path) -> Path:
        """Makes it at a path."""
        paint_all(root, self.pictures)
        write(root, self.files)
        return root


def folder(
    pictures: Sequence[str],
    classes: str | Sequence[str],
    files: dict[str, str | bytes] | None = None,
    **counts: int | list[int],
) -> MadeFolder:
    """A folder with as many pictures in each class, unless a list says it; all of one use, unless counts are given."""
    names = tuple(classes.split()) if isinstance(classes, str) else tuple(classes)
    listed = counts or {"all": len(pictures) // len(names)}
    full = {split: [count] * len(names) if isinstance(count, int) else count for split, count in listed.items()}
    return MadeFolder(tuple(pictures), names, full, files or {})


def table(rows: Sequence[Sequence[object]], parting: str = ",") -> str:
    """Text of a table."""
    return "".join(parting.join(map(str, row)) + "\n" for row in rows)


def labelled(names: Sequence[str], header: str = "id,label", spell: Callable[[str], str] = str) -> str:
    """Text of a table of pictures whose names do not say the class."""
    return f"{header}\n" + "".join(f"{spell(name)},{CLASS_OF[name]}\n" for name in names)


def coco(names: Sequence[str]) -> str:
    """JSON as COCO writes it, with one category for each picture."""
    kinds = sorted({CLASS_OF[name] for name in names})
    return json.dumps(
        {
            "images": [{"id": 7 + number, "file_name": name} for number, name in enumerate(names)],
            "annotations": [
                {"id": number, "image_id": 7 + number, "category_id": 1 + kinds.index(CLASS_OF[name])}
                for number, name in enumerate(names)
            ],
            "categories": [{"id": 1 + number, "name": kind} for number, kind in enumerate(kinds)],
        }
    )


CLASS_OF: dict[str, str] = {}
"""Of the pictures whose names do not say it."""


def hashed(*classes: str, count: int = 4) -> list[str]:
    """So many names for each class that do not say it; `CLASS_OF` does."""
    pairs = [(name, hashlib.blake2b(f"{name}{n}".encode(), digest_size=5)) for name in classes for n in range(count)]
    CLASS_OF.update({f"{digest.hexdigest()}.png": name for name, digest in pairs})
    return [f"{digest.hexdigest()}.png" for _, digest in pairs]


def _ids(count: int) -> list[str]:
    return [f"{1000003 * (7 + number) % 9999991:07x}" for number in range(count)]


_IDS = _ids(12)
_BREEDS = {name: ("beagle", "pug", "whippet")[number % 3] for number, name in enumerate(_IDS)}
_HELD = hashed("a", "b", count=6)[4:6] + hashed("a", "b", count=6)[10:]
_NINE = [0, 1, 2] * 3

MADE: dict[str, MadeFolder] = {
    # Classes in the names of the files.
    "dogs-vs-cats": folder(each("{c}.{n}.jpg", "cat", "dog", count=6), "cat dog"),
    "dogs-vs-cats below train, and a test without classes": folder(
        [*each("train/{c}.{n}.jpg", "cat", "dog", count=6), *(f"test1/{n}.jpg" for n in range(1, 7))],
        "cat dog",
        {"sampleSubmission.csv": "id,label\n1,0\n2,0\n"},
        train=6,
    ),
    "names in train and test": folder(
        [*each("train/{c}.{n}.jpg", "cat", "dog", count=6), *each("test/{c}.{n}.jpg", "cat", "dog", count=3)],
        "cat dog",
        train=6,
        test=3,
    ),
    "a class, a number and more": folder(
        [f"{c}.{n:05}.jpg.{(n + 3) * 478}tn.jpg" for c in ("known", "unknown") for n in range(5)], "known unknown"
    ),
    "the camera first": folder(each("IMG_{c}_{n:03}.png", "cat", "dog"), "cat dog"),
    "the number first": folder(each("{n:04}-{c}.png", "rose", "tulip"), "rose tulip"),
    "names with blanks": folder(each("{c} ({n}).JPG", "golden retriever", "pug"), ("golden retriever", "pug")),
    "breeds with underscores": folder(each("{c}_{n}.jpg", "Abyssinian", "great_pyrenees"), "Abyssinian great_pyrenees"),
    "digits by their names": folder(each("{c}_{n:05}.png", "0", "1", "7"), "0 1 7"),
    "WordNet ids": folder(each("{c}_{n}.JPEG", "n02085620", "n02085782"), "n02085620 n02085782"),
    "Chars74K": folder(each("Img/{c}-{n:05}.png", "img001", "img002"), "img001 img002"),
    "some without a number": folder(["cat.jpg", *each("{c}{n}.jpg", "cat", "dog"), "dog.jpg"], "cat dog", all=5),
    "the class after a name like no other": folder(
        [f"{stem}_{name}.jpg" for name in ("cat", "dog") for stem in _ids(20)[10 * (name == "dog") :][:10]], "cat dog"
    ),
    "names in a zip's own folder": folder(each("pets/pets/{c}.{n}.jpg", "cat", "dog"), "cat dog"),
    # Classes in a table.
    "train.csv": folder(
        [f"images/{name}" for name in hashed("a", "b")], "a b", {"train.csv": labelled(hashed("a", "b"))}, train=4
    ),
    "dog breeds": folder(
        [*(f"train/{name}.jpg" for name in _IDS), *(f"test/{name}.jpg" for name in _ids(15)[12:])],
        "beagle pug whippet",
        {
            "labels.csv": "id,breed\n" + "".join(f"{name},{breed}\n" for name, breed in _BREEDS.items()),
            "sample_submission.csv": "id,beagle,pug,whippet\n" + "".join(f"{n},0.3,0.3,0.3\n" for n in _ids(15)[12:]),
        },
        train=4,
    ),
    "one-hot": folder(
        [f"images/Train_{number}.jpg" for number in range(9)] + [f"images/Test_{number}.jpg" for number in range(3)],
        "healthy rust scab",
        {
            "train.csv": "image_id,healthy,rust,scab\n"
            + "".join(f"Train_{n},{','.join(str(int(k == s)) for k in range(3))}\n" for n, s in enumerate(_NINE)),
            "test.csv": "image_id\n" + "".join(f"Test_{number}\n" for number in range(3)),
        },
        train=3,
    ),
    "one-hot in each split": folder(
        [*(f"train/{n}_jpg.rf.{i}.jpg" for n, i in enumerate(_ids(6))), *(f"valid/{i}.jpg" for i in _ids(10)[6:])],
        "cat dog",
        {
            "train/_classes.csv": "filename, cat, dog\n"
            + "".join(f"{n}_jpg.rf.{i}.jpg, {n % 2}, {1 - n % 2}\n" for n, i in enumerate(_ids(6))),
            "valid/_classes.csv": "filename, cat, dog\n"
            + "".join(f"{i}.jpg, {n % 2}, {1 - n % 2}\n" for n, i in enumerate(_ids(10)[6:])),
        },
        train=3,
        validation=2,
    ),
    "annotations.csv with paths": folder(
        [f"data/images/{name}" for name in hashed("x", "y")],
        "x y",
        {"data/annotations.csv": labelled(hashed("x", "y"), "path,class", lambda name: f"images/{name}")},
    ),
    "Windows paths of another machine": folder(
        hashed("x", "y"),
        "x y",
        {"labels.csv": labelled(hashed("x", "y"), "file,y", lambda n: rf"C:\Users\Ann\pics\{n}")},
    ),
    "a semicolon, a decimal comma and a BOM": folder(
        hashed("Öl", "Mehl"),
        "Mehl Öl",
        {
            "labels.csv": "\ufeffDatei;Gewicht;Klasse\n"
            + "".join(f"{name};1,{n};{CLASS_OF[name]}\n" for n, name in enumerate(hashed("Öl", "Mehl")))
        },
    ),
    "UTF-16": folder(hashed("é", "b"), "b é", {"labels.csv": labelled(hashed("é", "b")).encode("utf-16")}),
    "train.txt and val.txt": folder(
        [f"images/{name}" for name in (*hashed("a", "b"), *_HELD)],
        "a b",
        {
            "train.txt": "".join(f"images/{name} {CLASS_OF[name]}\n" for name in hashed("a", "b")),
            "val.txt": "".join(f"images/{name} {CLASS_OF[name]}\n" for name in _HELD),
        },
        train=4,
        validation=2,
    ),
    "train.txt with commas": folder(
        hashed("a", "b"),
        "a b",
        {"train.txt": "".join(f"{name}, {CLASS_OF[name]}\n" for name in hashed("a", "b"))},
        train=4,
    ),
    "a column for the splits": folder(
        [f"all/{name}" for name in hashed("a", "b")],
        "a b",
        {
            "birds.csv": "class id,filepaths,labels,data set\n"
            + "".join(
                f"{ord(CLASS_OF[name])},all/{name},{CLASS_OF[name]},{'test' if n % 4 == 3 else 'train'}\n"
                for n, name in enumerate(hashed("a", "b"))
            )
        },
        train=3,
        test=1,
    ),
    "many folders of one name and a table": folder(
        [f"images_{n % 2:03}/images/{name}" for n, name in enumerate(hashed("a", "b"))],
        "a b",
        {"Data_Entry.csv": labelled(hashed("a", "b"), "Image Index,Finding Labels")},
    ),
    "COCO": folder(
        [f"images/{name}" for name in hashed("a", "b")], "a b", {"annotations/labels.json": coco(hashed("a", "b"))}
    ),
    "JSON: the class by the file": folder(
        hashed("a", "b"), "a b", {"labels.json": json.dumps({name: CLASS_OF[name] for name in hashed("a", "b")})}
    ),
    "JSON: records": folder(
        hashed("a", "b"),
        "a b",
        {"data.json": json.dumps([{"file": n, "label": CLASS_OF[n]} for n in hashed("a", "b")])},
    ),
    "JSON: the files by the class": folder(
        hashed("a", "b"),
        "a b",
        {"x.json": json.dumps({c: [n for n in hashed("a", "b") if CLASS_OF[n] == c] for c in "ab"})},
    ),
    "numbers with and without zeros": folder(
        [f"img/{number:05}.png" for number in range(1, 9)],
        "a b",
        {"labels.csv": "id,label\n" + "".join(f"{number},{'ab'[number % 2]}\n" for number in range(1, 9))},
    ),
    # Splits.
    **{
        f"{train} and {test}": folder(
            [
                *each(f"{train}/{{c}}/{{n}}.jpg", "plastic", "paper", count=6),
                *each(f"{test}/{{c}}/{{n}}.jpg", "plastic", "paper", count=2),
            ],
            "paper plastic",
            train=6,
            test=2,
        )
        for train, test in (
            ("training_set", "test_set"),
            ("Training", "Testing"),
            ("train_dataset", "test_dataset"),
            ("data-latih", "data-uji"),
            ("entrenamiento", "prueba"),
            ("entraînement", "test"),
            ("treino", "teste"),
            ("addestramento", "prova"),
            ("Trainingsdaten", "Testdaten"),
            ("eğitim", "test"),
            ("обучение", "тест"),
            ("训练集", "测试集"),
            ("学習データ", "テストデータ"),
            ("훈련", "시험"),
            ("प्रशिक्षण", "परीक्षण"),
            ("تدريب", "اختبار"),
            ("dev_train", "eval"),
            ("TrainImages", "TestImages"),
        )
    },
    **{
        f"train, {name} and test": folder(
            [
                *each("train/{c}/{n}.jpg", "a", "b", count=6),
                *each(f"{name}/{{c}}/{{n}}.jpg", "a", "b", count=2),
                *each("test/{c}/{n}.jpg", "a", "b", count=3),
            ],
            "a b",
            train=6,
            validation=2,
            test=3,
        )
        for name in ("valid", "val", "dev", "validation_set", "validasi")
    },
    "a test beside its classes": folder(
        [
            *each("{c}/{n}.jpg", "paper", "plastic", "glass", count=6),
            *each("data-uji/{c}/{n}.jpg", "paper", "plastic", count=2),
        ],
        "glass paper plastic",
        train=6,
        test=[0, 2, 2],
    ),
    "two folders with the same folders": folder(
        [*each("bright/{c}/{n}.jpg", "a", "b", count=6), *each("dark/{c}/{n}.jpg", "a", "b", count=2)],
        "bright dark",
        all=[12, 4],
    ),
    "seg_train/seg_train": folder(
        [
            *each("seg_train/seg_train/{c}/{n}.jpg", "buildings", "sea", count=6),
            *each("seg_test/seg_test/{c}/{n}.jpg", "buildings", "sea", count=3),
            *(f"seg_pred/seg_pred/{number}.jpg" for number in range(4)),
        ],
        "buildings sea",
        train=6,
        test=3,
    ),
    "a copy of itself in it": folder(
        [
            *each("chest/train/{c}/{n}.jpg", "NORMAL", "ILL", count=4),
            *each("chest/test/{c}/{n}.jpg", "NORMAL", "ILL", count=2),
            *each("chest/chest/train/{c}/{n}.jpg", "NORMAL", "ILL", count=4),
        ],
        "ILL NORMAL",
        train=4,
        test=2,
    ),
    "Train/Train": folder(
        [
            *each("Train/Train/{c}/{n}.jpg", "Healthy", "Rust", count=6),
            *each("Validation/Validation/{c}/{n}.jpg", "Healthy", "Rust", count=2),
            *each("Test/Test/{c}/{n}.jpg", "Healthy", "Rust", count=3),
        ],
        "Healthy Rust",
        train=6,
        validation=2,
        test=3,
    ),
    "splits below the classes": folder(
        [
            *each("{c}/train/{n}.jpg", "cat", "dog", "fox", count=6),
            *each("{c}/test/{n}.jpg", "cat", "dog", "fox", count=2),
        ],
        "cat dog fox",
        train=6,
        test=2,
    ),
    "splits of other files": folder(
        [
            *each("train/{c}/images/{c}_{n}.JPEG", "n01443537", "n01629819"),
            *(f"val/images/val_{number}.JPEG" for number in range(3)),
            *(f"test/images/test_{number}.JPEG" for number in range(3)),
        ],
        "n01443537 n01629819",
        {"val/val_annotations.txt": "".join(f"val_{n}.JPEG\tn01{443537 + n % 2}\t0\t0\n" for n in range(3))},
        train=4,
    ),
    # Deep trees.
    "a deep tree": folder(
        [
            *each("Fruit/Apple/{c}/{n}.jpg", "Golden-Delicious", "Braeburn"),
            *each("Fruit/Pear/{c}/{n}.jpg", "Conference", "Abate"),
        ],
        "Apple Pear",
        all=8,
    ),
    "PlantVillage": folder(
        each("PlantVillage/{c}/{n}.JPG", "Pepper__bell___healthy", "Potato___Early_blight", "Tomato_Leaf_Mold"),
        "Pepper__bell___healthy Potato___Early_blight Tomato_Leaf_Mold",
    ),
    "images in one folder beside other files": folder(
        each("images/{c}/{n}.jpg", "a", "b"),
        "a b",
        {"annotations/a.xml": "<x/>", "annotations/b.xml": "<x/>", "meta/train.txt": "a/1\na/2\n", "README.md": "x"},
    ),
    "folders of each fold": folder(
        [f"fold{fold}/{name}/{number}.jpg" for fold in range(4) for name in ("cat", "dog") for number in range(2)],
        "cat dog",
    ),
    "pictures beside their annotations": folder(
        each("Images/{c}/{n}.jpg", "n02085620-Chihuahua", "n02110958-pug"),
        "n02085620-Chihuahua n02110958-pug",
        {f"Annotation/{c}/{n}": "<x/>" for c in ("n02085620-Chihuahua", "n02110958-pug") for n in range(4)},
    ),
    "pictures beside their masks": folder(
        [*each("images/{c}/{n}.jpg", "a", "b"), *each("masks/{c}/{n}.png", "a", "b")], "a b", all=4
    ),
    "masks in the folder of each class": folder(
        [*each("{c}/images/{n}.png", "COVID", "Normal"), *each("{c}/masks/{n}.png", "COVID", "Normal")],
        "COVID Normal",
        all=4,
    ),
    "masks below the pictures of each class": folder(
        [*each("{c}/{n}.jpg", "a", "b"), *each("{c}/masks/{n}_mask.png", "a", "b")], "a b", all=4
    ),
    "masks named as their pictures": folder(
        [
            *each("{c}/{c} ({n}).png", "benign", "malignant"),
            *each("{c}/{c} ({n})_mask.png", "benign", "malignant"),
            "benign/benign (1)_mask_1.png",
            "benign/the_mask.png",
        ],
        "benign malignant",
        all=[5, 4],
    ),
    "masks beside pictures whose names are the classes": folder(
        [*each("{c}.{n}.jpg", "cat", "dog"), *each("{c}.{n}_mask.png", "cat", "dog")], "cat dog", all=4
    ),
    # Rubbish.
    "rubbish": folder(
        [
            *each("{c}/{n}.JPG", "a", "b"),
            *each(".ipynb_checkpoints/{c}/{n}.jpg", "a", "b"),
            "a/.ipynb_checkpoints/1-checkpoint.jpg",
            "c/only.PNG",
        ],
        "a b c",
        {
            "__MACOSX/a/._1.jpg": b"x",
            "a/.DS_Store": b"x",
            "a/Thumbs.db": b"x",
            "b/desktop.ini": b"x",
            "b/DESKTOP.INI": b"x",
            "a/@eaDir/1.jpg": b"x",
            "a/broken.jpg": b"no picture",
        },
        all=[5, 4, 1],
    ),
}
"""Each by what it is; how many are found right is what counts."""
