//! Bytes to entry drafts: decode, sniff, parse, repair once, normalise (layer 1).
