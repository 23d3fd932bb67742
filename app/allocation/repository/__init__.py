"""What allocation reads from the store and writes to it: set-based, by COPY where there are many rows."""
