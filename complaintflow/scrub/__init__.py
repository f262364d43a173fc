"""Nothing that could identify is kept: what a file is, and a copy of it without what it tells of its maker."""
