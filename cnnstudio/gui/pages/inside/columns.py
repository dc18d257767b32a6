"""A network as columns: its layers in their order, with equal blocks and inner networks folded."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from cnnstudio import wording
from cnnstudio.gui.widgets.maps.feature_maps import kind_and_shape
from cnnstudio.gui.widgets.maps.map_columns import MapColumn
from cnnstudio.gui.widgets.network.layout.folds import InnerNetwork, Repeat, find_inner_networks, find_repeats, fold
from cnnstudio.gui.widgets.network.layout.volumes import NetworkGraph, Piece
from cnnstudio.gui.widgets.network.layout.words import facts_of_fold, facts_of_network, sign_of_fold
from cnnstudio.models.layer_kinds.added import lesson_of
from cnnstudio.models.layer_table import LayerRow
from cnnstudio.models.trained.classifier import IMAGE, Classifier, LayerInfo

BLOCK = 2**20
"""The most numbers in the outputs of one block of layers that are computed together, unless one alone has more."""

FEW_LAYERS = 16
"""A network with so few layers is shown whole."""


def columns_of(classifier: Classifier, unfolded: Collection[str] = ()) -> tuple[MapColumn, ...]:
    """The columns of a network, from the left, the image first.

    Args:
        classifier: whose layers they are.
        unfolded: the keys of the folds that are shown in full.
    """
    layers = classifier.layers
    graph = _graph(layers)
    networks: tuple[InnerNetwork, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    if len(layers) > FEW_LAYERS:
        networks = find_inner_networks(graph)
        # Where a network begins stands its sign, whether it is folded or not: no other fold begins there.
        taken = {n for one in networks for n in ([one.start] if one.name in unfolded else range(one.start, one.stop))}
        repeats = tuple(one for one in find_repeats(graph) if not taken.intersection(range(one.start, one.stop)))
    folding = fold(
        graph,
        [one for one in repeats if _key(graph, one) not in unfolded],
        [one for one in networks if one.name not in unfolded],
    )
    signs = _signs(graph, repeats, networks, unfolded)
    numbers = {piece.row.name: number for number, piece in enumerate(graph.pieces)}
    sources: list[set[int]] = [set() for _ in folding.origins]
    for source, target in folding.graph.links:
        sources[target].add(source)
    columns = []
    for piece, origins, feeding in zip(folding.graph.pieces, folding.origins, sources, strict=True):
        sign = next((signs[number] for number in origins if number in signs), ("", "", ""))
        columns.append(_column(classifier, numbers[piece.row.name], tuple(sorted(feeding)), sign))
    spans = [range(network.start, network.stop) for network in networks]
    spans += [range(repeat.start, repeat.stop) for repeat in repeats]
    for span in spans:
        within = [number for number, origins in enumerate(folding.origins) if not set(span).isdisjoint(origins)]
        if within and columns[within[0]].sign:
            columns[within[0]] = replace(columns[within[0]], framed=len(within))
    return tuple(columns)


_Sign = tuple[str, str, str]
"""What is said of a fold, its key, and more of it in words."""


def _signs(
    graph: NetworkGraph, repeats: Sequence[Repeat], networks: Sequence[InnerNetwork], unfolded: Collection[str]
) -> dict[int, _Sign]:
    """What is said of the folds, by the number of the first volume of each."""
    signs = {}
    for network in networks:
        folded = network.name not in unfolded
        facts = facts_of_network(network.name, network.rows, folded)
        signs[network.start] = sign_of_fold(network.name, folded), network.name, ". ".join(facts)
    for repeat in repeats:
        rows = [graph.pieces[number].row for number in range(repeat.start, repeat.start + repeat.length)]
        key, folded = _key(graph, repeat), _key(graph, repeat) not in unfolded
        facts = facts_of_fold(repeat.count, rows, folded)
        signs[repeat.start] = sign_of_fold(f"× {repeat.count}", folded), key, ". ".join(facts)
    return signs


def _key(graph: NetworkGraph, repeat: Repeat) -> str:
    return graph.pieces[repeat.start].row.name


def _graph(layers: Sequence[LayerInfo]) -> NetworkGraph:
    """The image and the layers as volumes, each a piece of its own."""
    numbers = {IMAGE: 0} | {layer.name: number for number, layer in enumerate(layers, start=1)}
    rows = [LayerRow(IMAGE, "InputLayer", "", "", ())]
    rows += [
        LayerRow(
            layer.name,
            layer.kind,
            layer.kind,
            "",
            layer.sources,
            output_shape=layer.shape,
            parameters=layer.parameters,
            parameter_terms=str(layer.parameters),
        )
        for layer in layers
    ]
    links = [(numbers[source], numbers[layer.name]) for layer in layers for source in dict.fromkeys(layer.sources)]
    return NetworkGraph(tuple(Piece((row,)) for row in rows), tuple(links), ())


def _column(classifier: Classifier, number: int, sources: tuple[int, ...], fold: _Sign) -> MapColumn:
    layers = classifier.layers
    if number == 0:
        height, width, channels = shape = classifier.input_shape
        colour = "colour" if channels == 3 else "grey" if channels == 1 else f"{channels} channels"
        tip = "What the network gets: whole numbers from 0 to 255."
        return MapColumn(IMAGE, f"{height}×{width}, {colour}", tip, shape, is_image=True)
    layer = layers[number - 1]
    tip = lesson_of(layer.name, layer.kind) or _unknown(layer)
    answers = classifier.classes if number == len(layers) and len(classifier.classes) == layer.shape[-1] else ()
    tip = f"{kind_and_shape(layer.kind, layer.shape)}. {tip}"
    return MapColumn(layer.name, _size(layer.shape), tip, layer.shape, sources, *fold, answers=answers)


def _size(shape: tuple[int, ...]) -> str:
    """The shape of a layer's output, as it stands above a column."""
    return wording.shape(shape) if len(shape) != 1 else wording.counted(shape[0], "unit")


def _unknown(layer: LayerInfo) -> str:
    numbers = f"{layer.parameters:,} numbers" if layer.parameters else "no numbers"
    return f"A layer of the kind {layer.kind}, of which nothing more is known here. It has learned {numbers}."
