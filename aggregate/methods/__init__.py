"""The aggregation methods that ship with evalhub, one file each; they register as entry points."""
