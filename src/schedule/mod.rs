//! The next moment to look, with its reason (layer 1).
