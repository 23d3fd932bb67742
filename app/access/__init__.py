"""Who asks, what they may see, and how personal data are shown to them."""
