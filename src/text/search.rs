//! Searching: what was typed, the words of a text, and where in it they were found.
//!
//! What is searched is what the sanitiser gives: characters that cannot be seen do not split a
//! word, and a mark of ours is never a match. Texts and queries are cut into words by the same
//! code ([`indexed`], [`parse`]), so accents, case, width and ligatures do not matter. A script
//! that is written without spaces is cut into characters; its words are found as phrases of
//! them, however short they are.
//!
//! Must not: fail. A query that is not understood is searched as the words that it has.

mod dates;
mod excerpt;
mod query;
mod tokens;

pub use excerpt::{Excerpt, Matcher, sanitise_found};
pub use query::{Filter, From, Has, Is, Note, Query, Term, Wish, parse};
pub use tokens::{BOUNDARY, indexed, names_a_file, names_a_link};
