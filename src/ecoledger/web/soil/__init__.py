"""The soil line's own pages."""
