"""Territories in and out of a version: files of a GIS, and tables of communities and teams."""
