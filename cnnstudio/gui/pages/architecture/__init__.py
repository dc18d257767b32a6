"""The Architecture page: networks, their layers, and the editor."""
