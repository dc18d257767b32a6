"""`cnnstudio explain`: why a classifier answers as it does, as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnstudio.cli.console import complain, engine_at_work, print_json, progress_bar
from cnnstudio.cli.failures import WrongUseError
from cnnstudio.cli.options import JsonOption, ModelArgument, choice
from cnnstudio.cli.pictures import ImageArgument, check_output, save_picture
from cnnstudio.explaining.baselines import BASELINES
from cnnstudio.explaining.explanations import EXPLANATIONS
from cnnstudio.wording import percent, shape

if TYPE_CHECKING:
    from cnnstudio.explaining.explanation import Explanation


def explain(
    *,
    model: ModelArgument,
    image: ImageArgument,
    method: Annotated[str, choice("How to explain it", EXPLANATIONS, "explanation")] = "grad-cam",
    class_name: Annotated[
        str | None,
        typer.Option("--class", metavar="NAME", help="The class to explain, or its number from 0; else the answer."),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The layer whose feature maps Grad-CAM looks at; else the last one."),
    ] = None,
    baseline: Annotated[
        str | None, choice("What the image is compared with, or covered with", BASELINES, "baseline")
    ] = None,
    patch: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Side in pixels of the square that covers, for occlusion.")
    ] = None,
    stride: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Pixels from one square to the next, for occlusion.")
    ] = None,
    strength: Annotated[
        float, typer.Option(metavar="S", min=0, max=1, help="0 shows the image alone, 1 the explanation alone.")
    ] = 0.5,
    output: Annotated[
        Path | None, typer.Option(metavar="OUT.png|OUT.npy", help="The picture, or the numbers as NumPy keeps them.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show which parts of an image speak for a class."""
    if output is None and not as_json:
        raise WrongUseError("Name a file for the picture with --output OUT.png, or ask for the facts with --json.")
    if output is not None:
        check_output(output, image, ".npy")
    _check_fit(method, "layer", layer, "takes_layer")
    _check_fit(method, "baseline", baseline, "takes_baseline")
    _check_fit(method, "patch", patch, "takes_patch")
    _check_fit(method, "stride", stride, "takes_patch")
    with engine_at_work(), progress_bar() as bar:
        from cnnstudio.explaining.explanations import explain as explain_image
        from cnnstudio.models.trained.library import load_classifier

        found = explain_image(
            load_classifier(model),
            image,
            method,
            class_name=class_name,
            layer=layer,
            baseline=baseline,
            patch=patch,
            stride=stride,
            on_progress=bar,
        )
        if output is not None:
            from cnnstudio.explaining.pictures import draw_explanation

            save_picture(output, lambda: draw_explanation(found, strength), found.values)
    if as_json:
        print_json(_facts(found))
    else:
        print(_text(found))
    if output is not None:
        complain(f"Written to {output}.")
    if found.is_rounding:
        complain(f"The {found.scores} does not depend on this image: what is left is the rounding of its numbers.")
    if found.completeness is not None and not found.completeness.holds:
        complain(
            f"The contributions add up to {found.completeness.total:.3g} instead of {found.completeness.difference:.3g}"
            f": {percent(found.completeness.gap)} are missing, so do not trust small differences."
        )


def _check_fit(method: str, option: str, value: object, takes: str) -> None:
    """Raises `WrongUseError` where an option is given that the method does not take, by a field of `Method`."""
    if value is not None and method in EXPLANATIONS and not getattr(EXPLANATIONS[method], takes):
        those = [name for name, entry in EXPLANATIONS.items() if getattr(entry, takes)]
        raise WrongUseError(f"{EXPLANATIONS[method].title} takes no --{option}: that is for {' and '.join(those)}.")


def _facts(found: "Explanation") -> dict[str, Any]:
    asked, method = found.asked, EXPLANATIONS[found.method]
    facts: dict[str, Any] = {
        "method": found.method,
        "class": found.class_name,
        "index": asked.class_index,
        "explained": found.scores,
        "score": found.score,
        "resolution": list(found.resolution),
        "tells": method.tells,
        "limits": method.limits,
    }
    if method.takes_layer:
        facts["layer"] = asked.layer
    if method.takes_baseline:
        facts["baseline"] = asked.baseline
    if method.takes_patch:
        facts |= {"patch": asked.patch, "stride": asked.stride}
    if found.completeness is not None:
        facts["completeness"] = {"sum": found.completeness.total, "difference": found.completeness.difference}
    return facts


def _text(found: "Explanation") -> str:
    method = EXPLANATIONS[found.method]
    at = f", at the {shape(found.resolution)} places of “{found.asked.layer}”" if method.takes_layer else ""
    return (
        f"{method.title} of “{found.class_name}”{at}.\n"
        f"Explained is {found.words}: {found.score:.4g}.\n"
        f"{method.tells}\nBut: {method.limits[0].lower()}{method.limits[1:]}"
    )
