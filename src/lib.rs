//! Sekisho, a payment gateway for shops that sell with Amazon Pay.
//!
//! A shop speaks a Japanese payment provider's protocol; Sekisho keeps the transaction, drives Amazon Pay, tells the
//! shop the result and sends the buyer's browser back. The rooms of the house, top floor first; imports run only
//! downwards in this order, and `tests/it/house.rs` fails on one that does not:
//!
//! - [`cli`]: one file a subcommand; the only place that builds the whole out of its parts.
//! - [`http`]: the gateway's web server: shop calls, buyer pages, Amazon's messages, reference and OpenAPI, health.
//!   Only it knows HTTP status codes.
//! - [`console`]: the pages of operators and shops: who may enter, what they see and do, and the log of it.
//! - [`demo_shop`]: a small merchant that knows the gateway only over HTTP, as any shop would.
//! - [`sandbox`]: an Amazon Pay simulator: API, buyer pages, `checkout.js`, ledger, messages, HTTPS, faults. Never
//!   imports `amazonpay`.
//! - [`notify`]: sends result notifications from the outbox and records what the shop answered.
//! - [`reconcile`]: says when to look at what was left open, because time has passed or because Amazon sent a message:
//!   calls whose answer never arrived, buyers who never came back, whatever Amazon takes its time over.
//! - [`flow`]: the use cases, one file a call; declares what it needs from outside.
//! - [`protocol`]: the provider's wire language: decoding, tables of parameters, replies, error table.
//! - [`amazonpay`]: Amazon Pay API v2 client: canonical request, signer, types, payloads; judges messages.
//! - [`store`]: transactions, journal, operations and notifications in a database; one contract.
//! - [`egress`]: every outgoing HTTP client is made here, with its time-outs and limits.
//! - [`domain`]: yen, ids, shops, the transaction and its state machine, check string. Pure.
//! - [`config`]: `sekisho.toml`, `shops.toml`, secrets.
//! - [`telemetry`]: logs without secrets.
//!
//! Invariants, mostly what is absent: no card number ever reaches this process; no handler waits on a shop's server
//! without a bound; nothing is sent to Amazon that changes something there before a row says so; no status changes
//! without a journal entry in the same database transaction; no clock, random source or HTTP client is ambient.

pub mod amazonpay;
pub mod cli;
pub mod config;
pub mod console;
pub mod demo_shop;
pub mod domain;
pub mod egress;
pub mod flow;
pub mod http;
pub mod notify;
pub mod protocol;
pub mod reconcile;
pub mod sandbox;
pub mod store;
pub mod telemetry;
