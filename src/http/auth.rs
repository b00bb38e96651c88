//! Who is asking: extractors for handlers.
