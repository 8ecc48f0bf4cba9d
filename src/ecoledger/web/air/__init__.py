"""Pages of the air line that are no lists: scenes, rankings, tracing, tracks."""
