//! HTTP: routes, conditional answers (layer 3).
