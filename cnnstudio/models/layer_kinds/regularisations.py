"""Regularisation: layers that change nothing but while training."""

from cnnstudio.models.layer_kinds.effects import Effect, need_maps, need_rows, one, unchanged, unchanged_maps
from cnnstudio.models.layer_kinds.fields import Field
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps
from cnnstudio.models.layer_kinds.values import Values


def _dropout(values: Values, maps: Maps) -> Effect:
    return Effect(maps, f"{values.number('rate', 0.5, 0, 1):.0%}")


def _map_dropout(values: Values, maps: Maps) -> Effect:
    need_maps(maps)
    return _dropout(values, maps)


def _row_dropout(values: Values, maps: Maps) -> Effect:
    need_rows(values, maps)
    return _dropout(values, maps)


def _noise(values: Values, maps: Maps) -> Effect:
    values.number("stddev", 0.1, 0, 1)
    return Effect(maps)


_RATE = Field("rate", "Rate", "The share that is set to zero at random at each step of training.", "float", 0, 0.95)
_STDDEV = Field("stddev", "Strength", "Standard deviation of the noise.", "float", 0, 1e3)


def _augmentation(name: str, title: str, description: str) -> LayerKind:
    return LayerKind(
        name, title, f"{description} at random, during training only.", "Regularisation", one(unchanged_maps)
    )


KINDS = (
    LayerKind(
        "Dropout",
        "Dropout",
        "Sets a share of the numbers to zero at random, so that no unit relies on a single other one; during training "
        "only.",
        "Regularisation",
        one(_dropout),
        icon="layer-dropout",
        stem="dropout",
        fields=(_RATE,),
        defaults={"rate": 0.25},
    ),
    LayerKind(
        "SpatialDropout2D",
        "Spatial dropout",
        "Sets whole feature maps to zero at random, since neighbouring pixels are too similar for dropping single ones "
        "to matter; during training only.",
        "Regularisation",
        one(_map_dropout),
        icon="layer-dropout",
        stem="dropout",
        fields=(_RATE,),
        defaults={"rate": 0.25},
    ),
    LayerKind(
        "SpatialDropout1D",
        "Spatial dropout",
        "Sets whole channels of a row to zero at random; during training only.",
        "Regularisation",
        one(_row_dropout),
    ),
    LayerKind(
        "GaussianNoise",
        "Gaussian noise",
        "Adds a random number to each number, so that small changes do not matter; during training only.",
        "Regularisation",
        one(_noise),
        icon="layer-dropout",
        stem="noise",
        fields=(_STDDEV,),
        defaults={"stddev": 0.1},
    ),
    LayerKind(
        "AlphaDropout",
        "Alpha dropout",
        "Drops numbers at random, keeping mean and variance; during training only.",
        "Regularisation",
        one(_dropout),
    ),
    LayerKind(
        "GaussianDropout",
        "Gaussian dropout",
        "Multiplies each number by a random number around 1; during training only.",
        "Regularisation",
        one(_dropout),
    ),
    LayerKind(
        "ActivityRegularization",
        "Activity penalty",
        "Adds a penalty for large numbers to the loss, during training only, and passes its input on unchanged.",
        "Regularisation",
        one(unchanged),
    ),
    LayerKind("Identity", "Identity", "Passes its input on unchanged.", "Regularisation", one(unchanged)),
    _augmentation("RandomBrightness", "Random brightness", "Makes the image lighter or darker"),
    _augmentation("RandomContrast", "Random contrast", "Changes the contrast"),
    _augmentation("RandomFlip", "Random flip", "Mirrors the image"),
    _augmentation("RandomRotation", "Random rotation", "Turns the image"),
    _augmentation("RandomTranslation", "Random shift", "Shifts the image"),
    _augmentation("RandomShear", "Random shear", "Slants the image"),
    _augmentation("RandomZoom", "Random zoom", "Enlarges or shrinks the image"),
    _augmentation("RandomPerspective", "Random perspective", "Shows the image as if seen from elsewhere"),
    _augmentation("RandomElasticTransform", "Random distortion", "Bends the image"),
    _augmentation("RandomErasing", "Random erasing", "Covers a part of the image"),
    _augmentation("RandomGaussianBlur", "Random blur", "Blurs the image"),
    _augmentation("RandomSharpness", "Random sharpness", "Blurs or sharpens the image"),
    _augmentation("RandomHue", "Random hue", "Changes the hue of the colours"),
    _augmentation("RandomSaturation", "Random saturation", "Makes the colours stronger or weaker"),
    _augmentation("RandomColorJitter", "Random colours", "Changes brightness, contrast, saturation and hue"),
    _augmentation("RandomColorDegeneration", "Random fading", "Fades the colours to grey"),
    _augmentation("RandomGrayscale", "Random grey", "Makes the image grey"),
    _augmentation("RandomInvert", "Random inversion", "Turns light into dark"),
    _augmentation("RandomPosterization", "Random posterisation", "Keeps fewer shades of each colour"),
    _augmentation("CutMix", "Cut mixture", "Puts a part of another image in the place of a part of this one"),
    _augmentation("MixUp", "Mixture", "Mixes the image with another one"),
    _augmentation("Solarization", "Solarisation", "Turns what is lighter than a shade into dark"),
    _augmentation("RandAugment", "Random changes", "Changes the image in several ways, one after the other,"),
    _augmentation("AugMix", "Random mixture", "Mixes the image with changed copies of itself"),
)
