//! One HTTP exchange (layer 2).
