//! The demo: a small cinema on sale, and simulated people who use the public wire.
