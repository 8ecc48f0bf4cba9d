"""Pages for work outside: reporting what one sees, with or without a connection."""
