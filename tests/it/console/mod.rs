//! The shop console, by a browser without JavaScript, through the real router.

mod button;
mod door;
mod guessing;
mod shop;
mod sweep;
mod users;
