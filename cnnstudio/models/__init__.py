"""Architectures and classifiers: Keras models, and what an image must become before one sees it."""
