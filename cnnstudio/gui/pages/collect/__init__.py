"""The Collect page: images of one's own, drawn or photographed."""
