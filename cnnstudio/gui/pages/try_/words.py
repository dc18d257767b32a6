"""What the Try page says, for each kind of model."""

from dataclasses import dataclass

from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Prediction
from cnnstudio.wording import percent

NO_ANSWER = "–"

UNSURE = 0.5
"""Below this probability the answer is put as a guess."""


@dataclass(frozen=True)
class Words:
    """The texts that depend on what a model takes.

    Attributes:
        draws: whether a drawing makes sense.
        empty: what stands where a picture will be.
        invitation: what to do while there is no picture.
        photo_tip: what the source of pictures is for.
        gets: what the network gets of a picture or a drawing, in a sentence.
        gets_sample: what it gets of a test image.
        view_tip: what is seen of a picture.
    """

    draws: bool
    empty: str
    invitation: str
    photo_tip: str
    gets: str
    gets_sample: str
    view_tip: str


def words_of(prediction: Prediction) -> tuple[str, str]:
    """The answer, and how sure the network is of it."""
    (_, name, probability), *_ = prediction.top(1)
    return name if probability >= UNSURE else f"Perhaps {name}", f"{percent(probability)} sure"


def words_for(card: Card | None) -> Words:
    """The words for a model; for None, none is open yet."""
    height, width, channels = card.input_shape if card else (28, 28, 1)
    colour = "in colour" if channels == 3 else "in grey"
    sample = f"The test image as it is, {width}×{height} pixels {colour}."
    if card is None or card.input_rule == "digit":
        # Sets that people draw and collect themselves have other things than digits.
        thing = "handwritten digit" if card is None or all(name.isdigit() for name in card.classes) else "drawing"
        short = thing.removeprefix("handwritten ")
        return Words(
            draws=True,
            empty=f"Open, drop or paste a picture\nof one {thing}.",
            invitation=f"Open a picture of one {short}.",
            photo_tip=f"Open, drop or paste a picture of a {short} on paper.",
            gets="A small grey picture: the ink, scaled and centred like the images it was trained on.",
            gets_sample=sample,
            view_tip="The picture as it came. Dark ink on a light page is fine: it is inverted, cropped and centred.",
        )
    if card.input_rule == "clothing":
        return Words(
            draws=False,
            empty="Open, drop or paste a photo of one\npiece of clothing on a plain ground.",
            invitation="Open a photo of one piece of clothing.",
            photo_tip="Open, drop or paste a photo of one piece of clothing on a plain ground.",
            gets=f"The piece, found and cut out, light on dark, fitted into {width}×{height} pixels {colour}.",
            gets_sample=sample,
            view_tip="The photo as it came. The piece is found, cut out, made light on dark and fitted.",
        )
    return Words(
        draws=False,
        empty="Open, drop or paste a photo.",
        invitation="Open a photo.",
        photo_tip="Open, drop or paste an ordinary photo.",
        gets=f"The middle of the picture, scaled to {width}×{height} pixels {colour}.",
        gets_sample=sample,
        view_tip="The photo as it came. The network sees what is not dimmed: it takes squares of one size only.",
    )
