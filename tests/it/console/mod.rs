//! The shop console, by a browser without JavaScript, through the real router.

mod acts;
mod button;
mod door;
mod exchanges;
mod foreign;
mod guessing;
mod notices;
mod search;
mod shop;
mod sweep;
mod users;
