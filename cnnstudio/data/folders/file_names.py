"""Layouts in which the names of the files say the classes: cat.0.jpg, IMG_dog_003.png, 0001-rose.jpg, 7_00345.png."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import dropwhile

from cnnstudio.data.folders.disk import Store
from cnnstudio.data.folders.layout import Branch, Layout, LayoutChoice, Place, branches_by_split, watched
from cnnstudio.data.folders.names import composed, natural_key
from cnnstudio.data.folders.notes import masks_beside, unlabelled_pictures, unreadable_folders
from cnnstudio.data.pictures.open import is_picture
from cnnstudio.data.report import LeftOut
from cnnstudio.errors import StudioError

_MOST = 0.8
"""Share of the names that say a class, at least; and of the classes that have several pictures."""

_PER_CLASS = 1.5
"""Pictures of a class, on average, at least: else every name is another."""

_SAMPLE = 20_000
"""Names by which it is tried how they say a class."""

_SHORT = 3
"""Digits of a number that may stand for a class, at most: longer ones are dates and times."""

_NO_CLASSES = frozenset(
    word
    for words in (
        "img image images dsc dscn dscf pxl mvimg gopr dji photo photos picture pictures pic foto bild screenshot",
        "whatsapp frame scan file untitled download index copy p train test val valid",
    )
    for word in words.split()
)
"""Words with which cameras and programs begin names, and which say no class."""

_BEFORE_A_NUMBER = re.compile(r"([^\W\d_](?:.*?[^\W\d_])??)[\W_]*\d")
_AFTER_A_NUMBER = re.compile(r".*\d[\W_]+([^\W\d_][^\d]*)$")
_WORDS = re.compile(r"[^\W_]+")

Reader = Callable[[str], str]
"""Gives the class that a name without its ending says; nothing where it says none."""


def find_names(
    store: Store, top: Branch, name: str, while_looking: Callable[[], object], choice: LayoutChoice
) -> Layout:
    """Finds the layout in which the names of the files say the classes.

    Args:
        store: where they lie.
        top: the folder with the pictures, or with folders of them.
        name: what messages call it.
        while_looking: called for every folder.
        choice: the uses of folders, where they are chosen.

    Raises:
        StudioError: the names say no classes.
    """
    branches = branches_by_split(top, store.above(), while_looking, dict(choice.uses))
    taught = [stem(file) for split, branch in branches if split in ("train", "all") for file in _pictures(branch)]
    read = _best_reader(taught)
    if read is None:
        raise StudioError(
            f"The names of the pictures in {name} say no classes. Name them as cat.1.jpg, cat.2.jpg, dog.1.jpg, … or "
            "make a folder for each class, named after it."
        )
    while_looking()
    spelled = _spelling(map(read, watched(taught, while_looking)))
    classes = tuple(sorted(set(spelled.values()), key=natural_key))
    by_label = {label: number for number, label in enumerate(classes)}
    numbers = {key: by_label[label] for key, label in spelled.items()}
    files: dict[tuple[str, int, str], list[tuple[int, str]]] = defaultdict(list)
    silent: Counter[str] = Counter()
    for split, branch in branches:
        labels = [
            (place, file, numbers.get(read(stem(file)).casefold()))
            for place, file in watched(_placed(branch), while_looking)
        ]
        known = sum(number is not None for *_, number in labels)
        if split not in ("train", "all") and known < _MOST * len(labels):
            silent[branch.path] += len(labels)
            continue
        silent[branch.path] += len(labels) - known
        for place, file, number in labels:
            if number is not None:
                files[split, number, branch.path].append((place, file))
    order = {branch.path: place for place, (_, branch) in enumerate(branches)}
    splits = list(dict.fromkeys(split for split, _ in branches))
    places = tuple(
        Place(split, number, path, [file for _, file in listed], len(listed), [place for place, _ in listed])
        for (split, number, path), listed in sorted(
            files.items(), key=lambda item: (splits.index(item[0][0]), item[0][1], order[item[0][2]])
        )
    )
    masks = [branch.full(mask) for _, branch in branches for mask in sorted(branch.masks)]
    left_out = (*_left_out(store, name, silent), *masks_beside(masks))
    return Layout(top.path, classes, places, left_out, LayoutChoice("names", uses=choice.uses))


def stem(file: str) -> str:
    """A file's name without its ending."""
    return file[:dot] if (dot := file.rfind(".")) > 0 else file


def class_in_name(file: str, classes: Container[str]) -> str:
    """The class that a file's name says, in lower case; nothing where it says none, or several.

    A number says none: pictures are numbered.

    Args:
        file: the name.
        classes: their names, in lower case.
    """
    one = stem(file)
    words = [word[0] for word in _WORDS.finditer(one)]
    for said in ((_text(_words_before(one)), _after_a_number(one)), words):
        found = {text.casefold() for text in said if text.casefold() in classes and not text.isdecimal()}
        if found:
            return found.pop() if len(found) == 1 else ""
    return ""


def _pictures(branch: Branch) -> Iterable[str]:
    return (file for _, file in _placed(branch))


def _placed(branch: Branch) -> Iterable[tuple[int, str]]:
    masks = branch.masks
    return ((place, file) for place, file in enumerate(branch.files) if is_picture(file) and file not in masks)


def _left_out(store: Store, name: str, silent: Counter[str]) -> tuple[LeftOut, ...]:
    folders = [path or name for path, count in silent.items() if count]
    return (*unreadable_folders(sorted(store.shut)), *unlabelled_pictures(folders, silent.total()))


def _best_reader(stems: Sequence[str]) -> Reader | None:
    """The first of the ways to read a class from a name that gives classes for nearly all."""
    some = stems[:: max(1, len(stems) // _SAMPLE)]
    return next((cache(read) for read in _readers(some) if _gives_classes(map(read, some))), None)


def _readers(stems: Sequence[str]) -> Iterator[Reader]:
    yield _before_a_number(stems)
    yield _after_a_number
    yield from _words_of(stems)


def _gives_classes(labels: Iterable[str]) -> bool:
    counts = Counter(label.casefold() for label in labels)
    every = counts.total()
    silent = counts.pop("", 0)
    said = every - silent
    several = sum(count > 1 for count in counts.values())
    return (
        len(counts) > 1
        and said >= _MOST * every
        and said >= _PER_CLASS * len(counts)
        and several >= _MOST * len(counts)
    )


def _before_a_number(stems: Sequence[str]) -> Reader:
    """What stands before the first number or where there is none, without words that stand before all of them."""
    before = [words for words in map(_words_before, stems) if words]
    shared = 0
    while before and len({words[shared][0].casefold() if shared < len(words) - 1 else shared for words in before}) == 1:
        if shared >= len(before[0]) - 1:
            break
        shared += 1
    return lambda one: _text(_words_before(one)[shared:])


def _words_before(one: str) -> list[re.Match[str]]:
    match = _BEFORE_A_NUMBER.match(one)
    if match is None:
        return [] if any(letter.isdecimal() for letter in one) else _saying(one)
    return _saying(match[1])


def _after_a_number(one: str) -> str:
    """What stands after the last number."""
    match = _AFTER_A_NUMBER.match(one)
    return _text(_saying(match[1])) if match else ""


def _saying(text: str) -> list[re.Match[str]]:
    """The words of a text, without those that say nothing at its ends."""
    words = list(_WORDS.finditer(text))
    while words and words[-1][0].casefold() in _NO_CLASSES:
        words.pop()
    return list(dropwhile(lambda word: word[0].casefold() in _NO_CLASSES, words))


def _text(words: Sequence[re.Match[str]]) -> str:
    """From the first word to the last, as it is written."""
    return words[0].string[words[0].start() : words[-1].end()] if words else ""


def _words_of(stems: Sequence[str]) -> Iterable[Reader]:
    """The words of the names, one after the other, that differ and yet come again and again."""
    parted = [_WORDS.findall(one) for one in stems]
    values = [Counter(one[place].casefold() for one in parted if place < len(one)) for place in range(6)]
    varying = [place for place, counts in enumerate(values) if len(counts) > 1]

    def likelihood(place: int) -> tuple[bool, int]:
        return any(letter.isdecimal() for value in values[place] for letter in value), len(values[place])

    for place in sorted(varying, key=likelihood):
        numbers = [value for value in values[place] if value.isdecimal()]
        if numbers and (len(varying) > 2 or any(len(value) > _SHORT for value in numbers)):
            continue
        if len(varying) < 2:  # nothing tells the pictures of a class apart
            continue
        yield partial(_word, place)


def _word(place: int, one: str) -> str:
    words = _WORDS.findall(one)
    return words[place] if place < len(words) and words[place].casefold() not in _NO_CLASSES else ""


def _spelling(labels: Iterable[str]) -> dict[str, str]:
    """By each class without regard to case, how it is spelled most often."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for label in labels:
        if label:
            spellings[label.casefold()][label] += 1
    return {key: composed(found.most_common(1)[0][0]) for key, found in spellings.items()}
