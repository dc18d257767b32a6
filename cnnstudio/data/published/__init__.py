"""The data sets that CNN Studio knows by name."""
