"""Pages of rivers, sea and sources: what a month came to, and what it means for towns."""
