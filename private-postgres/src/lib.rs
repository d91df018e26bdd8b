//! A PostgreSQL cluster of one's own in a temporary folder, for tests and measurements.
