"""Location review: the queue of addresses that wait for a person, and what people decide of them."""
