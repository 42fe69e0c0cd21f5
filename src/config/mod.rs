//! feeds.toml as written and as meant (layer 2).
