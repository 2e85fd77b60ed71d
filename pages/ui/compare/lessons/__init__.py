"""The three lessons of the Compare page, one file and one fragment each."""
