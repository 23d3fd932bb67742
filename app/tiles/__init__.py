"""Vector tiles of branches, communities, territories and orphans, for the web page and any GIS client."""
