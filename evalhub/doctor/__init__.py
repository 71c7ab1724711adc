"""`evalhub doctor`: whether a hub is sound, and mending what can be mended without losing anything."""
