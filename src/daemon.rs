//! The main job: poll on schedule, publish, serve, until told to stop (layer 4).
