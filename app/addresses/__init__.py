"""An address asked about: where it is, whose it is, and whether that is sure enough to act on."""
