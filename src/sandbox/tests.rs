//! The sandbox through its router, called by a merchant whose signatures the OpenSSL command line makes.

mod api;
mod buyers;
mod charges;
mod control;
mod finalize;
mod merchant;
mod permissions;
mod refunds;
