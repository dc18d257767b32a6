"""Keras's own description of a model: read, checked, and brought up to date."""
