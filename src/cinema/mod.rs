//! What REST and RPC both ask of movies, screens and showings.
