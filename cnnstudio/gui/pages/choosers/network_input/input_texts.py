"""What is said about pictures and drawings, for each kind of model."""

from dataclasses import dataclass

from cnnstudio.models.trained.card import Card


@dataclass(frozen=True)
class InputTexts:
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

    @property
    def choose(self) -> str:
        """How one comes to an image, as the beginning of a sentence."""
        return "Draw, or choose an image" if self.draws else "Choose an image"


def texts_for(card: Card | None) -> InputTexts:
    """The texts for a model; for None, none is open yet."""
    height, width, channels = card.input_shape if card else (28, 28, 1)
    size = f"{width}×{height} pixels {'in colour' if channels == 3 else 'in grey'}"
    sample = f"The test image as it is, {size}."
    if card is None or card.input_rule == "digit":
        # Sets that people draw and collect themselves have other things than digits.
        thing = "handwritten digit" if card is None or all(name.isdigit() for name in card.classes) else "drawing"
        short = thing.removeprefix("handwritten ")
        return InputTexts(
            draws=True,
            empty=f"Open, drop or paste a picture\nof one {thing}.",
            invitation=f"Open a picture of one {short}.",
            photo_tip=f"Open, drop or paste a picture of a {short} on paper.",
            gets="A small grey picture: the ink, scaled and centred like the images it was trained on.",
            gets_sample=sample,
            view_tip="Your picture. Dark ink on a light page is fine: it is inverted, cropped and centred.",
        )
    if card.input_rule == "clothing":
        return InputTexts(
            draws=False,
            empty="Open, drop or paste a photo\nof one piece of clothing\non a plain background.",
            invitation="Open a photo of one piece of clothing.",
            photo_tip="Open, drop or paste a photo of one piece of clothing on a plain background.",
            gets=f"The piece, found and cut out, light on dark, fitted into {size}.",
            gets_sample=sample,
            view_tip="Your photo. The piece is found, cut out, made light on dark and scaled to fit.",
        )
    gets = f"The part of the picture in the frame, scaled to {size}. Drag the frame, or zoom with the wheel."
    view_tip = (
        "The network gets the part in the frame. Drag the frame, pull its corners or turn the wheel to choose another "
        "part; the arrow keys, + and − do so too. A double click, or Home, brings the usual part back."
    )
    if card.input_rule == "stretch":
        gets = f"The whole picture, scaled to {size}: one of another shape is stretched."
        view_tip = "Your photo. The network gets all of it, stretched where it is of another shape."
    return InputTexts(
        draws=False,
        empty="Open, drop or paste a photo.",
        invitation="Open a photo.",
        photo_tip="Open, drop or paste an ordinary photo.",
        gets=gets,
        gets_sample=sample,
        view_tip=view_tip,
    )
