"""The water line's own pages about sewage: the balance of a pollutant, how the plants run."""
