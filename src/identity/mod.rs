//! Entry keys, aliases, content hash, same story or not, each with its reason (layer 1).
