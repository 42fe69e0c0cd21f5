//! Logs and metrics (layer 2).
