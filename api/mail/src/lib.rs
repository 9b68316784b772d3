//! Letters to customers: what is said, the bytes that carry it, and how a mail server is asked to take them.
//!
//! Three rooms, each ignorant of the next: [`letter`] turns facts into words in the reader's language, [`message`]
//! turns words and addresses into the bytes of one mail, [`post`] hands bytes over and says what became of them.
//!
//! No database, no clock, no settings file and nothing of the server is known here: who is written to and when, how
//! often it was tried and which addresses are no longer written to is kept by the caller.

pub mod address;
pub mod letter;
pub mod message;
pub mod post;
