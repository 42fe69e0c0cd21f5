//! What can be followed at an address, and drafts out of a sitemap or a page (layer 1).
