"""What a file makes of a draft, saved as one edit that can be undone."""
