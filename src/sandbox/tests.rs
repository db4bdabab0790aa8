//! The sandbox through its router, called by a merchant whose signatures the OpenSSL command line makes.

mod api;
mod charges;
mod control;
mod merchant;
mod permissions;
mod refunds;
