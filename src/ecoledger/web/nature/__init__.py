"""Pages of the line of nature that its declarations do not give."""
