"""Images as pixels, numbers and thumbnails."""
