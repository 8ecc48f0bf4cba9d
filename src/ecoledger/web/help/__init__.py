"""帮助: a page a role, a page type and a book, made from the declarations; what nobody may open is not told of."""
