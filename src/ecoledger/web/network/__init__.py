"""Pages of the network's line that its declarations do not give."""
