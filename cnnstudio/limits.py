"""How large images and feature maps may be, in pixels along a side: what is larger is refused with a sentence."""

IMAGE_SIZES = range(8, 1025)
"""Of the square images to which a user's own pictures are scaled."""

MAX_ARCHITECTURE_SIDE = 512
"""Of the images for which an architecture is built: beyond it, a dense layer on all pixels or the maps of a batch take
gigabytes."""

MAX_MAP_SIDE = 4096
"""Of a feature map whose layer is described."""
