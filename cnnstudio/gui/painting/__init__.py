"""Parts that several widgets are made of: crisp pictures, tiles of maps, colour legends."""
