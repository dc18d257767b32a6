"""The network view: every layer with its maps, and the way down to one number."""

from cnnstudio.gui.pages.inside.view import View


class NetworkView(View):
    """Columns of layers."""
