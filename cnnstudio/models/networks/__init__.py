"""Networks before they are trained: built, edited, saved and shared."""
