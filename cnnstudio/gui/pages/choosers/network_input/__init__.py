"""Where the image comes from that a network gets: drawn, a photo, the camera, a test image; and the asking itself."""
