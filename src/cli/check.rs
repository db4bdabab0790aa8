//! `sekisho check`: everything that `serve` reads, without serving.

use std::process::ExitCode;

use clap::Args;

use super::print;
use crate::config::{FileMode, GatewayOverrides, GatewaySettings, ShopsFile, process_environment};
use crate::flow::Shops;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    overrides: GatewayOverrides,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let settings = GatewaySettings::load(&args.overrides)?;
    let shops_file = ShopsFile::read(&settings.shops_file)?;
    settings.check_shops(&shops_file.shops)?;
    let shops = shops_file.load_secrets(&process_environment, FileMode::OwnerOnly)?;
    settings.deployment_key(FileMode::OwnerOnly)?;
    let count = Shops::open(shops)?.len();
    print(&format!("{}: {count} shop(s), every key signs; nothing is wrong\n", settings.shops_file.display()));
    Ok(ExitCode::SUCCESS)
}
