//! The writers of what is published: Atom, RSS, JSON Feed, OPML, HTML (layer 1).
