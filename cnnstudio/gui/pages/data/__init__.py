"""The Data page: the images of a data set."""
