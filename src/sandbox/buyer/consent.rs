//! What the buyer agrees to beyond this payment, in words: how often, and how much each time.

use crate::sandbox::buyer::money;
use crate::sandbox::ledger::{FrequencyUnit, PermissionType, RecurringMetadata, Terms};
use crate::sandbox::page::Lang;

/// The sentence for the paying page; nothing for a single order.
pub(super) fn words(lang: Lang, terms: &Terms) -> Option<String> {
    match (terms.permission_type(), &terms.recurring) {
        (PermissionType::OneTime, _) => None,
        (PermissionType::PaymentMethodOnFile, _) => Some(
            lang.pick(
                "お店がお支払い方法を保存し、あとから請求すること",
                "The shop keeps your payment method and may charge it later",
            )
            .to_owned(),
        ),
        (PermissionType::Recurring, period) => {
            let (unit, value) =
                period.as_ref().map_or((FrequencyUnit::Variable, "0"), |period| (period.unit, &period.value));
            let amount = period.as_ref().and_then(|period| period.amount).map(money::shown);
            Some(match lang {
                Lang::Ja => {
                    let amount = amount.map_or_else(String::new, |amount| format!("{amount} の"));
                    format!("{}、{amount}お支払いをお店が請求すること", japanese(unit, value))
                }
                Lang::En => {
                    let amount = amount.map_or_else(String::new, |amount| format!(" of {amount}"));
                    format!("The shop may charge a payment{amount} {}", english(unit, value))
                }
            })
        }
    }
}

/// The period of a subscription alone; nothing for any other permission.
pub(super) fn period_words(lang: Lang, period: Option<&RecurringMetadata>) -> Option<String> {
    let period = period?;
    let amount = period.amount.map_or_else(String::new, |amount| format!(" {}", money::shown(amount)));
    Some(match lang {
        Lang::Ja => format!("{}{amount}", japanese(period.unit, &period.value)),
        Lang::En => format!("{}{amount}", english(period.unit, &period.value)),
    })
}

fn japanese(unit: FrequencyUnit, value: &str) -> String {
    let (each, counted) = match unit {
        FrequencyUnit::Year => ("毎年", "年"),
        FrequencyUnit::Month => ("毎月", "か月"),
        FrequencyUnit::Week => ("毎週", "週間"),
        FrequencyUnit::Day => ("毎日", "日"),
        FrequencyUnit::Variable => return "不定期に".to_owned(),
    };
    if value == "1" { each.to_owned() } else { format!("{value} {counted}ごとに") }
}

fn english(unit: FrequencyUnit, value: &str) -> String {
    let unit = match unit {
        FrequencyUnit::Year => "year",
        FrequencyUnit::Month => "month",
        FrequencyUnit::Week => "week",
        FrequencyUnit::Day => "day",
        FrequencyUnit::Variable => return "at irregular intervals".to_owned(),
    };
    if value == "1" { format!("every {unit}") } else { format!("every {value} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::ledger::Amount;

    #[test]
    fn the_buyer_reads_how_often_and_how_much() {
        let mut terms = Terms { permission_type: Some(PermissionType::Recurring), ..Terms::default() };
        for (unit, value, amount, ja, en) in [
            (
                FrequencyUnit::Month,
                "1",
                Some(12_000),
                "毎月、¥12,000 のお支払いをお店が請求すること",
                "The shop may charge a payment of ¥12,000 every month",
            ),
            (
                FrequencyUnit::Week,
                "2",
                None,
                "2 週間ごとに、お支払いをお店が請求すること",
                "The shop may charge a payment every 2 weeks",
            ),
            (
                FrequencyUnit::Variable,
                "0",
                None,
                "不定期に、お支払いをお店が請求すること",
                "The shop may charge a payment at irregular intervals",
            ),
        ] {
            let amount = amount.and_then(|yen| Amount::new(yen).ok());
            terms.recurring = Some(RecurringMetadata { unit, value: value.to_owned(), amount });
            assert_eq!(words(Lang::Ja, &terms).as_deref(), Some(ja));
            assert_eq!(words(Lang::En, &terms).as_deref(), Some(en));
        }
        assert_eq!(words(Lang::Ja, &Terms::default()), None);
    }
}
