"""How large things may be: what is larger is refused with a sentence, before anything is made of it.

Images and feature maps, in pixels along a side.
"""

IMAGE_SIZES = range(8, 1025)
"""Of the square images to which a user's own pictures are scaled."""

MAX_ARCHITECTURE_SIDE = 512
"""Of the images for which an architecture is built: beyond it, a dense layer on all pixels or the maps of a batch take
gigabytes."""

MAX_MAP_SIDE = 4096
"""Of a feature map whose layer is described."""

# Folders of pictures.

MAX_FOLDERS = 100_000
"""In a folder of pictures, with all below and all to which links lead; ImageNet-21k has 44,000."""

MAX_FILES = 20_000_000
"""Likewise; ImageNet-21k has 14 million."""

# Networks, of ours or of anybody.

MAX_LAYERS = 2_000
"""The deepest networks of papers have some 1,000."""

MAX_MODEL_DEPTH = 8
"""Of models within models."""

MAX_CLASSES = 100_000
"""ImageNet-21k has 21,841."""

MAX_UNITS = 10**6
"""Filters or units of a layer: beyond what any machine trains, and still harmless to compute with."""

MAX_PIXELS = 1024
"""Of a kernel, a stride or a padding, along a side."""

MAX_PARAMETERS = 250_000_000
"""Of a network: trained with Adam, they take 4 GB. VGG-16 for ImageNet has 138 million."""

BYTES_PER_PARAMETER = 16
"""A weight, its gradient and the two running averages of Adam, as float32."""

MAX_ACTIVATIONS = 2**28
"""Numbers that all layers together may answer to one image: 1 GiB as float32."""

MAX_OPERATIONS = 10**12
"""Multiplications for one image; VGG-16 takes 1.5e10."""
