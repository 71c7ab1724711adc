"""What every way to draw a token must agree on, so that the same stream gives the same token."""

COLDEST = 1e-5
"""Below this a temperature takes the likeliest token in any case, and would overflow."""

PAIR = 512
"""A token and the one so many behind it share a number of the generator, which has 128 bits."""
