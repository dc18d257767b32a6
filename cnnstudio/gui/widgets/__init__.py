"""Widgets: they take arrays and plain dataclasses, and know no page and no other widget."""
