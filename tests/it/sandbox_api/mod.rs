//! The sandbox's API as a merchant meets it: through its router, every request really signed and really verified.

mod balance;
mod caller;
mod code_table;
mod codes;
mod currencies;
mod lifetimes;
mod limits;
mod messages;
mod product_types;
mod records;
mod restart;
mod several;
mod shapes;
mod simulations;
mod start;
mod twins;
mod undelivered;
mod whose;
