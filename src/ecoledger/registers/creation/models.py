"""What the books of this line keep."""
