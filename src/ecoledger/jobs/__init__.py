"""Work that takes longer than a request: imports, exports, documents. It shows progress, can be left, and is found again."""
