//! Every attempt of a call to Amazon, as the story of a transaction tells it: what Amazon's support asks for.

use super::story::Event;
use crate::console::words;
use crate::protocol::Language;
use crate::store::overview::ExchangeLine;
use crate::store::{EXCHANGES_KEPT, Occasion};

/// All of them in the order of their making, and where some are not kept any more, how many.
pub(super) fn tell(lines: &[ExchangeLine], language: Language) -> Vec<Event> {
    let mut all = Vec::with_capacity(lines.len() + 1);
    let mut last = 0;
    for line in lines {
        let missing = line.number - last - 1;
        if missing > 0 {
            all.push(dropped(line, missing, language));
        }
        last = line.number;
        all.push(exchange(line, language));
    }
    all
}

fn dropped(next: &ExchangeLine, missing: i64, language: Language) -> Event {
    let (missing, half) = (words::grouped(missing), EXCHANGES_KEPT / 2);
    let title = match language {
        Language::Japanese => {
            format!("ここまでのAmazonへの呼び出し{missing}件は保存していません（最初の{half}件と最新の{half}件を保存）")
        }
        Language::English => {
            format!("{missing} calls to Amazon before this are not kept (the first {half} and the last {half} are)")
        }
    };
    Event { at: next.at, class: "", title, details: Vec::new(), href: String::new() }
}

fn exchange(line: &ExchangeLine, language: Language) -> Event {
    let call = language.pick("Amazonへの呼び出し", "Call to Amazon");
    let attempt = match language {
        Language::Japanese => format!("（{}回目）", line.attempt),
        Language::English => format!(", attempt {}", line.attempt),
    };
    let status = line.status.map(|status| format!("HTTP {status}"));
    let failure = line.failure.as_deref().map(|word| failure(word, language).to_owned());
    let answer: Vec<_> = [status, failure, line.reason_code.clone()].into_iter().flatten().collect();
    let mut details = vec![format!("{} {} · {} ms", line.method, line.path, words::grouped(line.took_ms))];
    details.push(match &line.request_id {
        Some(id) => format!("x-amz-pay-request-id: {id}"),
        None => language.pick("リクエストIDはありません", "no request id came").to_owned(),
    });
    let occasion = occasion(line.occasion, language);
    details.push(
        line.key.as_ref().map_or_else(|| occasion.to_owned(), |key| format!("{occasion} · idempotency key: {key}")),
    );
    Event {
        at: line.at,
        class: class(line),
        title: format!("{call}: {}{attempt}: {}", line.operation, answer.join(" · ")),
        details,
        href: String::new(),
    }
}

/// Amazon's yes goes without saying: what came of it stands on a line of its own.
const fn class(line: &ExchangeLine) -> &'static str {
    match (line.status, &line.failure) {
        (Some(200..300), None) => "",
        (Some(400..500), None) if !matches!(line.status, Some(408 | 425 | 429)) => "bad",
        _ => "open",
    }
}

/// Why no answer could be trusted; a word that a newer version wrote stands for itself.
fn failure(word: &str, language: Language) -> &str {
    let (ja, en) = match word {
        "timed-out" => ("時間内に応答がありません", "no answer in time"),
        "broken" => ("接続が切れました", "the connection broke"),
        "unreadable" => ("応答を読み取れません", "an unreadable answer"),
        "too-large" => ("応答が大きすぎます", "too large an answer"),
        "wrong-object" => ("別の対象についての応答", "an answer about another object"),
        "no-connection" => ("接続できません", "no connection"),
        "not-made" => ("要求を作成できません", "the request could not be made"),
        "not-signed" => ("要求に署名できません", "the request could not be signed"),
        _ => return word,
    };
    language.pick(ja, en)
}

const fn occasion(occasion: Occasion, language: Language) -> &'static str {
    match occasion {
        Occasion::Effect => language.pick("処理の実行", "to carry out an effect"),
        Occasion::Look => language.pick("関所による処理結果の確認", "Sekisho follows up an effect"),
        Occasion::Request => language.pick("店舗または操作者からの照会", "asked for by the shop or an operator"),
        Occasion::Return => language.pick("購入者が戻ったため", "because the buyer came back"),
        Occasion::Message => language.pick("Amazonの通知（IPN）を受けたため", "because of a message from Amazon (IPN)"),
        Occasion::Due => language.pick("確認の時刻が来たため", "because it was time to look"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazonpay::{NotSentCause, UnknownCause};
    use crate::domain::Millis;

    fn line(number: i64, status: Option<u16>, failure: Option<&str>, reason_code: Option<&str>) -> ExchangeLine {
        ExchangeLine {
            number,
            at: Millis(number),
            took_ms: 1_204,
            occasion: Occasion::Effect,
            key: Some("0123".to_owned()),
            operation: "CaptureCharge".to_owned(),
            method: "POST".to_owned(),
            path: "/v2/charges/S03-1-1-C1/capture".to_owned(),
            attempt: 2,
            status,
            failure: failure.map(str::to_owned),
            reason_code: reason_code.map(str::to_owned),
            request_id: status.map(|status| format!("r-{status}")),
        }
    }

    #[test]
    fn an_attempt_says_what_amazons_support_asks_for() {
        let told = &tell(&[line(1, Some(500), None, Some("ProcessingFailure"))], Language::English)[0];
        assert_eq!(told.title, "Call to Amazon: CaptureCharge, attempt 2: HTTP 500 · ProcessingFailure");
        assert_eq!(
            told.details,
            [
                "POST /v2/charges/S03-1-1-C1/capture · 1,204 ms",
                "x-amz-pay-request-id: r-500",
                "to carry out an effect · idempotency key: 0123"
            ]
        );
        let told = &tell(&[line(1, None, Some("timed-out"), None)], Language::Japanese)[0];
        assert_eq!(told.title, "Amazonへの呼び出し: CaptureCharge（2回目）: 時間内に応答がありません");
        assert_eq!(told.details[1], "リクエストIDはありません");
    }

    #[test]
    fn a_doubt_is_neither_a_yes_nor_a_no() {
        for (status, failure, expected) in [
            (Some(200), None, ""),
            (Some(202), None, ""),
            (Some(422), None, "bad"),
            (Some(403), None, "bad"),
            (Some(429), None, "open"),
            (Some(408), None, "open"),
            (Some(503), None, "open"),
            (Some(200), Some("broken"), "open"),
            (Some(403), Some("unreadable"), "open"),
            (None, Some("timed-out"), "open"),
        ] {
            assert_eq!(class(&line(1, status, failure, None)), expected, "{status:?} {failure:?}");
        }
    }

    #[test]
    fn where_some_are_missing_it_says_how_many() {
        let all: Vec<_> = [1, 2, 1203, 1204].map(|number| line(number, Some(200), None, None)).into();
        let told = tell(&all, Language::English);
        assert_eq!(told.len(), 5);
        assert_eq!(
            told[2].title,
            "1,200 calls to Amazon before this are not kept (the first 100 and the last 100 are)"
        );
        assert_eq!(told[2].at, told[3].at);
    }

    #[test]
    fn every_word_for_a_failure_has_a_meaning() {
        use UnknownCause::{Broken, Status, TimedOut, TooLarge, Unreadable, WrongObject};
        let unknown = [TimedOut, Broken, Status, Unreadable, TooLarge, WrongObject].map(UnknownCause::word);
        let not_sent = [NotSentCause::NoConnection, NotSentCause::Request, NotSentCause::Signature];
        for word in unknown.into_iter().flatten().chain(not_sent.map(NotSentCause::word)) {
            assert_ne!(failure(word, Language::Japanese), word);
            assert_ne!(failure(word, Language::English), word);
        }
        assert_eq!(failure("of-a-newer-version", Language::English), "of-a-newer-version");
    }
}
