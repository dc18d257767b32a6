"""Training: its configuration, events, loop, runs on disk, and evaluation. Nothing here knows who listens."""
