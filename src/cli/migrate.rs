//! `sekisho migrate`: makes the database, or brings its schema up to date, without serving.

use std::process::ExitCode;

use clap::Args;

use super::print;
use super::serve::make_directory_of;
use crate::config::{GatewayOverrides, GatewaySettings};
use crate::store::sqlite::{Migrated, migrate};

#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    overrides: GatewayOverrides,
}

pub(super) async fn run(args: &MigrateArgs) -> anyhow::Result<ExitCode> {
    let settings = GatewaySettings::load(&args.overrides)?;
    make_directory_of(&settings.database)?;
    let Migrated { from, to } = migrate(&settings.database).await?;
    let file = settings.database.display();
    print(&match from {
        0 => format!("{file}: made, schema {to}\n"),
        _ if from == to => format!("{file}: schema {to}, nothing to do\n"),
        _ => format!("{file}: schema {from} is now {to}\n"),
    });
    Ok(ExitCode::SUCCESS)
}
