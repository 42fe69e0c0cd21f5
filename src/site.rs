//! What is published, drawn from the stored state: documents, pages, static files (layer 3).
