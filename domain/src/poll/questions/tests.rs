//! Stories and properties of questions.
