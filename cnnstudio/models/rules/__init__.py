"""What each kind of layer does to shapes, how many weights it has and what it costs: one rule a kind."""
