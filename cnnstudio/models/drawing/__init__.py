"""What the picture of a network is made of, and how it is laid out."""
