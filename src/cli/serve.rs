//! `sekisho serve`: the gateway.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use super::assemble::{Assembled, World};
use super::configuration::Configuration;
use super::keys::private_directory;
use super::shops_source::{ShopsOfFile, reload_on_hangup};
use super::{print, signals};
use crate::config::{GatewayOverrides, GatewaySettings, process_environment};
use crate::{http, telemetry};

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    overrides: GatewayOverrides,
}

pub(super) async fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let overrides = args.overrides.or_rust_log(&process_environment);
    let settings = GatewaySettings::load(&overrides)?;
    telemetry::init(settings.log_format, &settings.log_filter)?;
    let Configuration { shops, deployment_key } = Configuration::read(&settings)?;
    let hangups = signals::Hangups::listen();
    let listen = settings.listen;
    let listener = http::bind(listen).await.with_context(|| {
        format!("cannot listen on {listen}; choose another address with --listen or `listen` in sekisho.toml")
    })?;
    let address = listener.local_addr()?;
    make_directory_of(&settings.database)?;
    let count = shops.len();
    let assembled = Assembled::new(settings.clone(), shops, deployment_key, World::real()).await?;
    if let Some(console) = assembled.console().cloned() {
        console.read_shops_from(Arc::new(ShopsOfFile(settings)));
        // Ends with the process.
        tokio::spawn(reload_on_hangup(console, hangups));
    }
    print(&format!("sekisho serves {count} shop(s) on http://{address}\n"));
    assembled.serve(listener, signals::stop_on_signal()).await?;
    Ok(ExitCode::SUCCESS)
}

/// The directory of a database that is to be made, for its owner alone; without it the first start would fail with the
/// shipped settings. One that is there stays as it is.
pub(super) fn make_directory_of(database: &Path) -> anyhow::Result<()> {
    let Some(directory) = database.parent().filter(|directory| !directory.as_os_str().is_empty()) else {
        return Ok(());
    };
    private_directory(directory)
        .with_context(|| format!("cannot make {} for the database; name another by --database", directory.display()))
}
