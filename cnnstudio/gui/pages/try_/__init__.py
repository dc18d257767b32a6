"""The Try page: what a trained model answers to a drawing, a photo, a test image or a folder."""
