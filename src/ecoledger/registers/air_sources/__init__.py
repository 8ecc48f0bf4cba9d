"""What emits into the air, book by book: boxes of carbon, boilers, machines, vehicles, sites, and the work on them."""
