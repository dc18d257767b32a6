"""Folders and zip files of labelled pictures as data sets."""
