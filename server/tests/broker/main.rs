//! The brokers.
