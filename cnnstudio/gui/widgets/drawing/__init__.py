"""Where images come from: the canvas, the camera, a photo."""
