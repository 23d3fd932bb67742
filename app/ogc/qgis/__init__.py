"""QGIS project files: layers, styles, snapping."""
