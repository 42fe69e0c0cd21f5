//! The whole daemon on this machine without a network (layer 4).
