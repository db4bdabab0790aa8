//! The shop console, by a browser without JavaScript, through the real router.

mod door;
mod guessing;
mod sweep;
mod users;
