//! `sekisho check`: everything that `serve` reads, without serving.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;

use super::configuration::Configuration;
use super::print;
use crate::config::{GatewayOverrides, GatewaySettings, Shop};
use crate::flow::Shops;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    overrides: GatewayOverrides,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let settings = GatewaySettings::load(&args.overrides)?;
    let configuration = Configuration::read(&settings)?;
    let shops = Shops::open(configuration.shops)?;
    print(&summary(&settings, &shops));
    Ok(ExitCode::SUCCESS)
}

/// What `serve` would do, for an operator to compare with what was meant.
fn summary(settings: &GatewaySettings, shops: &Shops) -> String {
    let mut text = format!(
        "listen      {}\npublic_url  {}\ndatabase    {}{}\nshops_file  {}\n",
        settings.listen,
        settings.public_url,
        settings.database.display(),
        if settings.database.exists() { "" } else { " (made at the first start)" },
        settings.shops_file.display(),
    );
    for shop in shops.iter() {
        let Shop { shop_id, name, environment, amazon_endpoint, enabled, .. } = &shop.settings;
        let suspended = if *enabled { "" } else { "  (not enabled)" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {shop_id}  {}  {amazon_endpoint}  {name}{suspended}", environment.as_str());
    }
    let _ = writeln!(text, "{} shop(s), every key signs; nothing is wrong", shops.len());
    text
}
