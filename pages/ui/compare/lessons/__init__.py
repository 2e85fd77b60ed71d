"""The three lessons of the Compare page, one file each; every one is a fragment of its own."""
