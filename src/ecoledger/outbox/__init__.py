"""What leaves the house: pointers to notices, through group robots, e-mail and the bureau's own SMS gateway."""
