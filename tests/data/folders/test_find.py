"""How folders are laid out: found without being asked, offered where there is a choice, and refused with a reason."""

import os
import shutil
from pathlib import Path

import pytest

from cnnstudio.data.folders.file_names import class_in_name
from cnnstudio.data.folders.layout import LayoutChoice
from cnnstudio.data.folders.load import load_folder, survey_folder
from cnnstudio.data.folders.split_names import split_named, splits_named
from cnnstudio.data.report import ONE_HOT
from cnnstudio.errors import StudioError
from tests.data.made_folders import CLASS_OF, MADE, coco, each, hashed, labelled, paint_all, write


@pytest.mark.parametrize("name", MADE)
def test_folders_as_people_have_them(name: str, tmp_path: Path) -> None:
    made = MADE[name]
    survey = survey_folder(made.make(tmp_path / "set"))
    assert survey.classes == made.classes
    counts = {split: counts.tolist() for split, counts in survey.counts.items() if counts.any()}
    assert counts in (made.counts, {"train": made.counts.get("all")}, {"all": made.counts.get("train")})
    assert survey.layout in {offer.layout for offer in survey.layouts}
    assert all((tmp_path / "set" / file).is_file() for files in survey.files for file in files)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["dogs-vs-cats below train, and a test without classes", "dog breeds", "COCO"])
def test_images_have_the_classes_of_their_files(name: str, packed: bool, tmp_path: Path) -> None:
    """Also when they come from the cache, and from a zip."""
    made = MADE[name]
    root = made.make(tmp_path / "set")
    source = Path(shutil.make_archive(str(root), "zip", root)) if packed else root
    layout = survey_folder(source).layout
    for _ in range(2):
        dataset = load_folder(source, 8, 3, layout=layout)
        assert dataset.report.counts.sum() == sum(map(sum, made.counts.values()))
        files = [
            (dataset.name_of_file(split, index), dataset.classes[split.labels[index]])
            for split in (dataset.train, dataset.test)
            for index in range(len(split))
        ]
        assert all((root / file).is_file() for file, _ in files)
        if name == "COCO":
            assert all(CLASS_OF[Path(file).name] == label for file, label in files)
        elif name.startswith("dogs"):
            assert all(Path(file).name.startswith(f"{label}.") for file, label in files)


def test_a_changed_table_is_read_again(tmp_path: Path) -> None:
    names = hashed("a", "b")
    root = paint_all(tmp_path / "set", names)
    write(root, {"labels.csv": labelled(names)})
    assert load_folder(root, 8, 3).classes == ("a", "b")
    write(root, {"labels.csv": labelled(names).replace(",b", ",bee")})
    assert load_folder(root, 8, 3).classes == ("a", "bee")


def test_a_layout_that_was_not_asked_for_is_not_taken_from_the_cache(tmp_path: Path) -> None:
    root = MADE["a deep tree"].make(tmp_path / "set")
    assert load_folder(root, 8, 3).classes == ("Apple", "Pear")
    assert load_folder(root, 8, 3, layout="folders=2").classes == (
        "Abate",
        "Braeburn",
        "Conference",
        "Golden-Delicious",
    )
    assert load_folder(root, 8, 3).classes == ("Apple", "Pear")


def test_the_levels_of_a_deep_tree_are_offered_with_their_counts(tmp_path: Path) -> None:
    root = MADE["a deep tree"].make(tmp_path / "set")
    offers = {offer.layout: (offer.number, offer.pictures) for offer in survey_folder(root).layouts}
    assert offers == {"folders": (2, 16), "folders=2": (4, 16)}


def test_folders_of_the_same_names_may_be_joined_or_not(tmp_path: Path) -> None:
    names = each("Apple/{c}/{n}.png", "fresh", "rotten") + each("Pear/{c}/{n}.png", "fresh", "rotten")
    root = paint_all(tmp_path / "set", names)
    survey = survey_folder(root)
    assert survey.classes == ("Apple", "Pear")
    offers = {offer.layout: offer.classes for offer in survey.layouts}
    assert offers["folders=2"] == ("fresh", "rotten")
    assert offers["folders=1-2"] == ("Apple fresh", "Apple rotten", "Pear fresh", "Pear rotten")


def test_a_few_folders_deep_below_are_no_level(tmp_path: Path) -> None:
    root = paint_all(tmp_path / "set", [*each("{c}/{n}.png", "a", "b", count=9), "a/more/1.png", "b/more/1.png"])
    assert len(survey_folder(root).layouts) == 1


def test_folders_that_are_taken_for_splits_are_asked_about_and_can_be_something_else(tmp_path: Path) -> None:
    root = MADE["a test beside its classes"].make(tmp_path / "set")
    survey = survey_folder(root)
    assert survey.uses == (("data-uji", "test"),)
    assert survey.layout == "folders,test=data-uji"
    held = survey_folder(root, layout="folders,validation=data-uji")
    assert {split: counts.sum() for split, counts in held.counts.items()} == {"train": 18, "validation": 4}
    unused = survey_folder(root, layout="folders,unused=data-uji")
    assert {split: counts.sum() for split, counts in unused.counts.items()} == {"all": 18}
    assert "data-uji" in survey_folder(root, layout="folders=1").classes


def test_folders_with_the_same_folders_may_be_splits(tmp_path: Path) -> None:
    root = MADE["two folders with the same folders"].make(tmp_path / "set")
    survey = survey_folder(root)
    splits = "folders,train=bright,test=dark"
    assert {"folders", "folders=2", splits} <= {offer.layout for offer in survey.layouts}
    assert survey_folder(root, layout=splits).counts["test"].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Train_Images", "train"),
        ("trainset", "train"),
        ("TESTING", "test"),
        ("test1", "test"),
        ("dev", "validation"),
        ("Trainingsdaten", "train"),
        ("träningsdata", "train"),
        ("Validación", "validation"),
        ("测试", "test"),
        ("huấn luyện", "train"),
        ("kiểm tra", "test"),
        ("test tube", None),
        ("trainers", None),
        ("developers", None),
        ("protest", None),
        ("протест", None),
        ("valley", None),
        ("train and test", None),
        ("cat", None),
        ("1", None),
        ("", None),
        ("data", None),
    ],
)
def test_names_of_splits(name: str, split: str | None) -> None:
    assert split_named(name) == split


@pytest.mark.parametrize(
    "text",
    [
        "",
        "names",
        "folders",
        "folders=2",
        "folders=1-2",
        "folders=2,test=data-uji,unused=x, y",
        "table=a,b.csv",
        "table=sub/a.csv,file=id,class=breed",
        f"table=a.csv,file=image, id,class={ONE_HOT},train=x",
    ],
)
def test_a_choice_is_kept_as_text(text: str) -> None:
    assert str(LayoutChoice.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["x", "folders=x", "folders=-1", "table", "table=", "names=2", "names,file=x", "=", ","]
)
def test_what_is_no_choice_is_said(text: str, tmp_path: Path) -> None:
    root = MADE["dogs-vs-cats"].make(tmp_path / "set")
    with pytest.raises(StudioError, match=r"is no layout of a folder\. Write folders, folders=2"):
        survey_folder(root, layout=text)


NAMES = hashed("a", "b", count=6)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"labels.csv": ""}, "labels.csv cannot be used as a table of classes: it is empty."),
        ({"labels.csv": b"id,label\n\0\0\0\x01"}, "labels.csv cannot be used as a table of classes: it holds no text."),
        ({"labels.csv": "id,label\nx.png,a\ny.png,b\n"}, "labels.csv names no picture that is here"),
        ({"labels.csv": labelled(NAMES).replace(",b", ",a")}, "no column of it looks like classes"),
        (
            {"labels.json": coco(NAMES)[:-40]},
            "labels.json cannot be used as a table of classes: it is no JSON, or is cut",
        ),
        ({"labels.json": "[" * 100_000}, "it is no JSON, or is cut short"),
        ({"labels.json": "{}"}, "it holds no list of pictures with their classes"),
        (
            {"labels.csv": labelled(NAMES) + labelled(NAMES).replace(",a", ",z").replace(",b", ",y")},
            "labels.csv gives most pictures several classes",
        ),
    ],
)
def test_tables_that_cannot_be_used(files: dict[str, str | bytes], message: str, tmp_path: Path) -> None:
    root = paint_all(tmp_path / "set", NAMES)
    write(root, files)
    with pytest.raises(StudioError) as caught:
        survey_folder(root)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda text: text + "gone.png,a\n", "1 row of labels.csv names a picture that is not here. It is “gone.png”."),
        (
            lambda text: text + "x.png,a\ny.png,b\n",
            "2 rows of labels.csv name pictures that are not here. The first is “x.png”.",
        ),
        (
            lambda text: text + f"{NAMES[0]},b\n",
            f"1 picture was left out, because labels.csv gives several classes for one. It is “{NAMES[0]}”.",
        ),
        (lambda text: text + f"{NAMES[0]},a\n", ""),
        (lambda text: text.replace(",a", ',"a', 1), ""),
        (lambda text: text.replace(",a", ",0.0").replace(",b", ",1.0"), ""),
        (lambda text: text[:-4], "1 line of labels.csv was left out: cut short or damaged."),
        (lambda text: text.replace(f"{NAMES[0]},a\n", ""), "1 picture was left out: labels.csv does not name them."),
        (
            lambda text: text.replace(f"{NAMES[0]},a\n", f"{NAMES[0]},\n"),
            "1 row of labels.csv without a class was left out",
        ),
        (
            lambda text: text.replace(",b", ",bär").encode("cp1252"),
            "labels.csv is not written in UTF-8: letters with accents may be wrong.",
        ),
    ],
)
def test_damaged_tables_are_used_as_far_as_they_go(change, note: str, tmp_path: Path) -> None:
    root = paint_all(tmp_path / "set", NAMES)
    write(root, {"labels.csv": change(labelled(NAMES))})
    survey = survey_folder(root)
    assert len(survey.classes) == 2
    assert note in " ".join(survey.notes)
    dataset = load_folder(root, 8, 3)
    assert note in " ".join(dataset.report.notes)


def test_whole_numbers_are_written_as_such(tmp_path: Path) -> None:
    root = paint_all(tmp_path / "set", NAMES)
    write(root, {"labels.csv": labelled(NAMES).replace(",a", ",3.0").replace(",b", ",11.0")})
    assert survey_folder(root).classes == ("3", "11")


def test_folders_in_folders(tmp_path: Path) -> None:
    deep = "/".join(["x"] * 50)
    assert survey_folder(paint_all(tmp_path / "set", each(deep + "/{c}/{n}.png", "a", "b"))).classes == ("a", "b")


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_that_leads_back_is_no_wrapping(tmp_path: Path) -> None:
    root = paint_all(tmp_path / "set", [])
    (root / "x").mkdir(parents=True)
    (root / "x" / "y").symlink_to(root)
    with pytest.raises(StudioError, match="holds no pictures"):
        survey_folder(root)


def test_columns_can_be_chosen(tmp_path: Path) -> None:
    root = paint_all(tmp_path / "set", NAMES)
    rows = "".join(f"{name},{CLASS_OF[name]},{'xyz'[n % 3]}\n" for n, name in enumerate(NAMES))
    write(root, {"data.csv": f"picture,label,colour\n{rows}"})
    survey = survey_folder(root)
    assert survey.table is not None
    assert (survey.table.columns, survey.table.label) == (("picture", "label", "colour"), "label")
    assert survey.table.rows[0] == (NAMES[0], "a", "x")
    assert survey_folder(root, layout="table=data.csv,file=picture,class=colour").classes == ("x", "y", "z")
    for layout, message in (
        (
            "table=data.csv,file=picture,class=size",
            "data.csv has no column “size”. Choose one of: picture, label, colour.",
        ),
        ("table=other.csv", "There is no table “other.csv” in set."),
        ("table=../set/data.csv", "There is no table"),
    ):
        with pytest.raises(StudioError, match=message):
            survey_folder(root, layout=layout)


@pytest.mark.parametrize(
    "names",
    [
        [f"{number:04}.png" for number in range(8)],
        [f"IMG_2021030{number % 3}_1200{number:02}.jpg" for number in range(8)],
        [f"WhatsApp Image 2021-03-{number % 3:02} at 10.{number:02}.00.jpg" for number in range(8)],
        ["anna.jpg", "bob.jpg", "eve.jpg"],
        [*(f"IMG_{number:04}.jpg" for number in range(4)), *(f"DSC{number:04}.jpg" for number in range(4))],
        ["Screenshot from 2021.png", "photo-1.jpg", "image (2).jpg", "image (3).jpg"],
    ],
)
def test_names_that_say_no_class(names: list[str], tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="holds pictures but no folders"):
        survey_folder(paint_all(tmp_path / "set", names))


def test_a_word_that_all_names_have_says_nothing() -> None:
    assert splits_named(["seg_train", "seg_test", "seg_pred"]) == ["train", "test", None]
    assert splits_named(["test tube", "test strip"]) == [None, None]
    assert splits_named(["fruit train"]) == [None]


@pytest.mark.parametrize(
    ("file", "label"),
    [
        ("cat.0.jpg", "cat"),
        ("IMG_Dog_003.png", "dog"),
        ("0001-hot dog.jpg", "hot dog"),
        ("Hot Dog 12.jpg", "hot dog"),
        ("dog.jpg", "dog"),
        ("my dog.jpg", "dog"),
        ("cat and dog.jpg", ""),
        ("7.png", ""),
        ("IMG_0007.png", ""),
        ("bird.3.jpg", ""),
    ],
)
def test_the_class_that_a_name_says(file: str, label: str) -> None:
    assert class_in_name(file, {"cat", "dog", "hot dog", "7"}) == label


def test_several_labels_of_one_picture_are_told(tmp_path: Path) -> None:
    root = paint_all(tmp_path / "set", NAMES)
    rows = [f"{name},{number % 2},{number % 3 % 2},{number % 4 // 2}\n" for number, name in enumerate(NAMES)]
    (root / "train.csv").write_text("filename,cat,dog,ship\n" + "".join(rows))
    (note,) = [note for note in survey_folder(root).notes if "labels at once" in note]
    several = sum(row.count(",1") > 1 for row in rows)
    assert f"{several} rows of {len(rows)} have more than one 1 in the columns “cat”, “dog”, “ship”." in note
    assert "only “cat” is learnt" in note and note.endswith("with --layout table=train.csv,class=dog.")
    chosen = survey_folder(root, layout="table=train.csv,class=dog")
    assert any("only “dog” is learnt" in note for note in chosen.notes)
