"""Care of the gazetteer: files in and out, sources, versions, and what contradicts itself."""
