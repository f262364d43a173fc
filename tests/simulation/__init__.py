"""A year of an organisation that complains: played on the engine, and counted again from its event log alone."""
