"""Sets of images that the user collects."""
