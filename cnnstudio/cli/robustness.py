"""`cnnstudio robustness`: how far an image can be changed until a classifier's answer flips."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnstudio.cli.console import engine_at_work, print_json, progress_bar
from cnnstudio.cli.options import JsonOption, ModelArgument
from cnnstudio.cli.pictures import ImageArgument
from cnnstudio.wording import certainty, probability

if TYPE_CHECKING:
    from cnnstudio.explaining.attacks import SmallestChange
    from cnnstudio.explaining.transformations import RobustnessCurve


def robustness(
    *,
    model: ModelArgument,
    image: ImageArgument,
    limit: Annotated[
        float,
        typer.Option(metavar="E", min=0.001, max=255, help="The largest change of a pixel that is tried, of 255."),
    ] = 32,
    as_json: JsonOption = False,
) -> None:
    """Show how far an image can be moved, turned or changed until the answer flips."""
    with engine_at_work(), progress_bar() as bar:
        from cnnstudio.explaining.attacks import ATTACKS, smallest_change
        from cnnstudio.explaining.scores import ClassScores
        from cnnstudio.explaining.transformations import TRANSFORMATIONS, robustness_curve
        from cnnstudio.models.trained.library import load_classifier

        scores = ClassScores(load_classifier(model))
        pixels = scores.classifier.prepare(image).image
        curves = [robustness_curve(scores, pixels, name) for name in TRANSFORMATIONS]
        changes = [smallest_change(scores, pixels, name, limit=limit, on_progress=bar) for name in ATTACKS]
    if as_json:
        print_json(_facts(curves, changes))
    else:
        print(_text(curves, changes))


def _facts(curves: "list[RobustnessCurve]", changes: "list[SmallestChange]") -> dict[str, Any]:
    answer, before = curves[0].answer, changes[0].before
    return {
        "class": curves[0].classes[answer],
        "probability": probability(float(before[answer])),
        "keeps": {curve.transformation: curve.kept for curve in curves},
        "flips": {
            change.attack: {
                "epsilon": change.epsilon,
                "limit": change.limit,
                "class": change.classes[int(change.after.argmax())],
                "probability": probability(float(change.after.max())),
            }
            for change in changes
        },
    }


def _text(curves: "list[RobustnessCurve]", changes: "list[SmallestChange]") -> str:
    from cnnstudio.explaining.attacks import ATTACKS
    from cnnstudio.explaining.transformations import TRANSFORMATIONS

    answer, before = curves[0].classes[curves[0].answer], changes[0].before
    lines = [f"It says {answer}, {certainty(float(before[curves[0].answer]))} sure, and keeps that:"]
    for curve in curves:
        entry, kept = TRANSFORMATIONS[curve.transformation], curve.kept
        assert kept is not None  # the image as it is has this very answer
        lines.append(f"  {entry.title:<11} from {entry.words(kept[0])} to {entry.words(kept[1])}")
    lines.append("The smallest change of any pixel that flips it, in grey levels of 255:")
    for change in changes:
        said = change.classes[int(change.after.argmax())]
        found = (
            f"none up to {change.limit:g}" if change.epsilon is None else f"{change.epsilon:.3g}; then it says {said}"
        )
        lines.append(f"  {ATTACKS[change.attack].title:<11} {found}")
    return "\n".join(lines)
