"""The page Inside: a network, layer by layer, down to one multiplication."""
