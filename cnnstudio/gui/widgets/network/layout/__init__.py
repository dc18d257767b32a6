"""Where the parts of a network's picture lie."""
