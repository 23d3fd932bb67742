"""Files of places in and out: CSV, GeoPackage, Shapefile (zipped too), GeoJSON, GeoParquet."""
