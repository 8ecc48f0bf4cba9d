"""A declared list over a model: what every book of the house has, whatever its kind."""
