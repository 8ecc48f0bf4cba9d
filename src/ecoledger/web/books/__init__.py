"""Pages of the books that the generic list does not draw: editions, statements, boards, terms, rounds."""
