//! Matchers, score, explanation (layer 1).
