"""`cnnstudio embedding`: a map of a data set's test images as a layer of a classifier sees them, as a table."""

from pathlib import Path
from typing import Annotated

import typer

from cnnstudio.cli.console import complain, engine_at_work, progress_bar
from cnnstudio.cli.evaluate import entry_for
from cnnstudio.cli.failures import WrongUseError
from cnnstudio.cli.options import LayoutOption, ModelArgument, TestDatasetOption, choice, dataset_named
from cnnstudio.errors import StudioError, reason
from cnnstudio.explaining.data_map import MAPS, find_map_method, lay_out, map_table
from cnnstudio.explaining.embedding import FEWEST_IMAGES, MOST_IMAGES, embed
from cnnstudio.storage import write_atomically


def embedding(
    *,
    model: ModelArgument,
    output: Annotated[
        Path,
        typer.Option(metavar="FILE.csv", help="The table: of each image its class, the answer, and its place."),
    ],
    dataset: TestDatasetOption = None,
    layout: LayoutOption = "",
    method: Annotated[str, choice("How the images are laid out", MAPS, "map")] = "pca",
    layer: Annotated[
        str | None, typer.Option(metavar="NAME", help="The layer; else the last one before those that answer.")
    ] = None,
    images: Annotated[
        int, typer.Option(metavar="N", min=FEWEST_IMAGES, max=MOST_IMAGES, help="At most so many test images.")
    ] = MOST_IMAGES,
) -> None:
    """Lay out a data set's test images so that those that a layer finds alike lie side by side."""
    if output.suffix.lower() != ".csv":
        raise WrongUseError(f"“{output.name}” must end in .csv.")
    find_map_method(method)
    if dataset is not None:
        dataset_named(dataset, layout=layout)
    with engine_at_work():
        from cnnstudio.models.trained.library import load_classifier
        from cnnstudio.training.evaluation import in_order

        classifier = load_classifier(model)
        entry = in_order(entry_for(model, classifier, dataset, layout), classifier.classes)
        with progress_bar() as bar:
            loaded = entry.load(bar)
            for one in loaded.left_out:
                bar.say(one.text)
            found = embed(classifier, loaded, layer, images=images, on_progress=bar)
            positions = lay_out(found, method, bar).positions
        try:
            write_atomically(output.expanduser(), map_table(found, positions).encode())
        except OSError as error:
            raise StudioError(
                f"The table cannot be written to {output}: {reason(error)}. Name another file."
            ) from error
    complain(f"Written to {output}: {len(found):,} images by {MAPS[method].title} of “{found.layer}”.")
    complain(f"{MAPS[method].tells} {MAPS[method].limits}")
