"""A fictional but plausible Chinese city in the interchange format, for trying the product and for measuring it."""

from app.sample.write import write

__all__ = ["write"]
