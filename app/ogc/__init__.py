"""OGC API Features for GIS clients: communities, branches, territories, orphans and defects; drafts can be edited."""
