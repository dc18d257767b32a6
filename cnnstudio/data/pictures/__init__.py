"""Pictures: opened, decoded, and made into images for a network."""
