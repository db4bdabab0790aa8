//! `demo --auto`: plays the buyer and the shop over HTTP, without a browser, one purchase of every flow.
//!
//! Everything goes over the wire, as it would from outside: the shop's calls as forms, the buyer's pages as a program
//! without JavaScript reads them. Each step is printed with who did it, what came of it and how long it took; a purchase
//! is right only if the browser's post, the notification and SearchTradeMulti all say what they must.

mod afterwards;
mod buyer;
mod check;
mod express;
mod member;
mod on_page;
mod review;
mod scenario;
mod shop;
mod steps;

use std::fmt::Write as _;

use super::super::print;
use super::Demo;
use scenario::{Scenario, scenarios};
use steps::Steps;

/// How a purchase ended.
struct Ending {
    scenario: Scenario,
    shop_id: String,
    result: anyhow::Result<String>,
    took_ms: u128,
}

/// Runs every purchase and prints the table. `true` if each ended as it must.
pub(super) async fn run(demo: &Demo) -> anyhow::Result<bool> {
    let mut endings = Vec::new();
    for account in &demo.shops {
        for scenario in scenarios() {
            print(&format!("\n{} · {}\n", account.shop_id, scenario.name));
            let begun = std::time::Instant::now();
            let mut steps = Steps;
            let result = scenario::play(demo, account, &scenario, &mut steps).await;
            if let Err(error) = &result {
                print(&format!("  WRONG  {error:#}\n"));
            }
            let took_ms = begun.elapsed().as_millis();
            endings.push(Ending { scenario, shop_id: account.shop_id.clone(), result, took_ms });
        }
    }
    print(&table(&endings));
    Ok(endings.iter().all(|ending| ending.result.is_ok()))
}

fn table(endings: &[Ending]) -> String {
    let mut text = format!("\n{:<15} {:<34} {:<26} {:>8}  \n", "shop", "purchase", "ended", "ms");
    for ending in endings {
        let (ended, mark) = match &ending.result {
            Ok(status) => (status.clone(), "ok"),
            Err(_) => ("not as it must".to_owned(), "WRONG"),
        };
        let _ = writeln!(
            text,
            "{:<15} {:<34} {:<26} {:>8}  {mark}",
            ending.shop_id, ending.scenario.name, ended, ending.took_ms
        );
    }
    let wrong = endings.iter().filter(|ending| ending.result.is_err()).count();
    let _ = writeln!(text, "\n{} purchases, {wrong} wrong", endings.len());
    text
}
