"""Pages of the line of emergencies that its declarations do not give."""
