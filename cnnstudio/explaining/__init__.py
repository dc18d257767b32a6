"""Why a network answered as it did: gradients, occlusion, what excites a unit, and the map of the data."""
