//! The command line: one file a subcommand. Only this room builds the whole out of its parts.

mod assemble;
mod check;
mod configuration;
mod console;
pub mod demo;
mod keys;
mod migrate;
mod reconcile;
mod resend;
mod sandbox;
mod sandbox_tls;
mod serve;
mod shops_source;
mod signals;

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::ConfigErrors;

pub use assemble::{AssembleError, Assembled, Ground, World};
pub use configuration::notify_reach;

/// A payment gateway for shops that sell with Amazon Pay, with an offline Amazon Pay sandbox and a demo shop.
#[derive(Debug, Parser)]
#[command(name = "sekisho", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Gateway, sandbox and demo shop in one process: buy something in your browser. Needs no set-up.
    Demo(demo::DemoArgs),
    /// The gateway, for the shops of shops.toml.
    Serve(serve::ServeArgs),
    /// The Amazon Pay sandbox alone: with the merchants of a file, or with one whose key is made at start.
    Sandbox(sandbox::SandboxArgs),
    /// Reads every setting, every shop and every key as `serve` would, and says what is wrong.
    Check(check::CheckArgs),
    /// Makes the database, or brings its schema up to date. `serve` does the same at its start.
    Migrate(migrate::MigrateArgs),
    /// Sends result notifications again, also beside a gateway that serves, which then sends them.
    Resend(resend::ResendArgs),
    /// Looks at what was left open at Amazon, also beside a gateway that serves.
    Reconcile(reconcile::ReconcileArgs),
    /// Who may enter the shop console; also beside a gateway that serves.
    #[command(subcommand)]
    Console(console::ConsoleCommand),
    /// Keys for shops and for the gateway itself.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
}

/// Runs what the command line says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let ended = runtime.block_on(async {
        match cli.command {
            Command::Demo(args) => demo::run(args).await,
            Command::Serve(args) => serve::run(args).await,
            Command::Sandbox(args) => sandbox::run(args).await,
            Command::Check(args) => check::run(&args),
            Command::Migrate(args) => migrate::run(&args).await,
            Command::Resend(args) => resend::run(args).await,
            Command::Reconcile(args) => reconcile::run(args).await,
            Command::Console(command) => console::run(command).await,
            Command::Keys(command) => keys::run(&command),
        }
    });
    match ended {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

/// Says what is wrong, and why underneath, on standard error. Mistakes of settings stand a line each, place first.
fn fail(error: &anyhow::Error) -> ExitCode {
    let mut text = match error.downcast_ref::<ConfigErrors>() {
        Some(errors) => format!("{errors}\nsekisho: {} mistake(s) in the settings\n", errors.mistakes().len()),
        None => format!("sekisho: {error}\n"),
    };
    for cause in error.chain().skip(1) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  because: {cause}");
    }
    print_to(&mut std::io::stderr(), &text);
    ExitCode::FAILURE
}

/// Prints for a person. Where nobody reads any more there is nobody to tell.
fn print(text: &str) {
    print_to(&mut std::io::stdout(), text);
}

fn print_to(out: &mut dyn std::io::Write, text: &str) {
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
