"""The arithmetic of convolutional networks on small matrices, in NumPy, step by step."""
