"""Pages of the waste line that are no lists."""
