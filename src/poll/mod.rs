//! One source, top to bottom, and who is due (layer 3).
