"""Trained models: their card, their files, and their predictions."""
