"""Pages of creation projects."""
