"""Observations and the packets they came from, stored durably: the contract is `interface`."""
