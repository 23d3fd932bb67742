"""Editing verbs of a coverage in random sequences: drawn, done, and audited after each."""
