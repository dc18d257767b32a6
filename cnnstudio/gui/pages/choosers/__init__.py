"""What several pages choose from: models, networks, images."""
