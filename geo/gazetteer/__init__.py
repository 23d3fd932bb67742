"""Care of a gazetteer: how a file's columns and system are read, whether the system is the one declared, how sources agree."""
