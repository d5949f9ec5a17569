"""One pass of a source, who is credited, and what a kill at any point may not lose."""
