"""`cnnstudio feature-maps`: what every layer of a classifier makes of an image, as a picture or as numbers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnstudio.cli.console import complain, engine_at_work, print_json
from cnnstudio.cli.options import JsonOption, ModelArgument
from cnnstudio.cli.pictures import ImageArgument, check_output, save_picture
from cnnstudio.wording import counted

if TYPE_CHECKING:
    from cnnstudio.models.trained.classifier import LayerOutput


def feature_maps(
    *,
    model: ModelArgument,
    image: ImageArgument,
    output: Annotated[
        Path,
        typer.Option(metavar="OUT.png|OUT.npz", help="The picture, or the numbers, an array for each layer."),
    ],
    layers: Annotated[
        list[str] | None,
        typer.Option("--layer", metavar="NAME", help="A layer; may be given several times. Else all main layers."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what every layer makes of an image."""
    check_output(output, image, ".npz")
    with engine_at_work():
        from cnnstudio.explaining.pictures import draw_feature_maps
        from cnnstudio.models.trained.library import load_classifier

        classifier = load_classifier(model)
        names = layers or [layer.name for layer in classifier.layers if layer.main]
        found = classifier.predict(image, names).layers
        save_picture(output, lambda: draw_feature_maps(found), {layer.name: layer.values for layer in found})
    if as_json:
        print_json({"layers": [_facts(layer) for layer in found]})
    complain(f"Written to {output}: {counted(len(found), 'layer')}.")


def _facts(layer: "LayerOutput") -> dict[str, Any]:
    values = layer.values
    return {
        "name": layer.name,
        "kind": layer.kind,
        "shape": list(values.shape),
        "least": float(values.min()),
        "largest": float(values.max()),
    }
