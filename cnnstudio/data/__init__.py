"""Data sets, images, pen strokes: everything before a network sees it. Knows no Keras model."""
