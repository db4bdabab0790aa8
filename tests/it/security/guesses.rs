//! S5: guessing is slow, and locks nobody out. Callers are told apart by a proxy that the gateway trusts.

use std::time::{Duration, Instant};

use super::show;
use crate::support::{Answer, ShopClient, Stage, form};

const FORM: &str = "application/x-www-form-urlencoded;charset=windows-31j";
const WRONG_PAIR: &str = "M01002002";
const ASKS: [(&str, &[u8]); 2] = [("OrderID", b"nobody"), ("PayType", b"38")];
/// What a shop is told whose password is right: there is no such order.
const ADMITTED: &str = "M01004002";

async fn behind_a_proxy() -> Stage {
    Stage::with(|plan| plan.settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await
}

/// A call by `shop` with a password from an address.
async fn call(shop: &ShopClient, pass: &str, from: &str) -> Answer {
    let fields = [&[("ShopID", shop.shop_id.as_bytes()), ("ShopPass", pass.as_bytes())], &ASKS[..]].concat();
    let request = shop.http.post(format!("{}/payment/SearchTradeMulti.idPass", shop.gateway_url));
    let request = request.header("content-type", FORM).header("x-forwarded-for", from).body(form(&fields));
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn ten_tries_a_minute_are_judged_for_each_shop_and_address() {
    // The right password is the n-th try: it is found exactly if n is not above ten.
    let mut found = 0;
    for n in 1..=15 {
        let stage = behind_a_proxy().await;
        let shop = stage.shop();
        for guess in 1..n {
            assert_eq!(call(shop, &format!("guess{guess}"), "203.0.113.1").await.errors(), WRONG_PAIR);
        }
        let answer = call(shop, &shop.shop_pass, "203.0.113.1").await;
        assert_eq!(answer.errors(), if n <= 10 { ADMITTED } else { WRONG_PAIR }, "try {n}");
        found += usize::from(answer.errors() == ADMITTED);
        // A minute later there are ten more.
        stage.clock.advance(60_000);
        assert_eq!(call(shop, &shop.shop_pass, "203.0.113.1").await.errors(), ADMITTED, "try {n}, a minute later");
    }
    show("S5.guesses", format_args!("{found} tries judged in a minute for a shop and address"));
    assert_eq!(found, 10);
}

#[tokio::test]
async fn the_answer_does_not_tell_that_there_were_too_many() {
    let stage = behind_a_proxy().await;
    let shop = stage.shop();
    let mut answers = Vec::new();
    for guess in 0..30 {
        answers.push(call(shop, &format!("guess{guess}"), "203.0.113.2").await);
    }
    answers.push(call(shop, &shop.shop_pass, "203.0.113.2").await);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "every answer is that of the first wrong password");
    assert_eq!(answers[0].errors(), WRONG_PAIR);
}

#[tokio::test]
async fn an_honest_shop_is_never_locked_out() {
    let stage = behind_a_proxy().await;
    let (shop, other) = (stage.shop(), stage.other_shop());
    assert_eq!(call(shop, &shop.shop_pass, "198.51.100.7").await.errors(), ADMITTED);
    let mut admitted = 0;
    let begun = Instant::now();
    for round in 0_u32..100 {
        // Guesses from elsewhere, from the shop's own address, and from one of many.
        let of_many = format!("2001:db8:{round:x}::1");
        for from in ["203.0.113.3", "198.51.100.7", of_many.as_str()] {
            assert_eq!(call(shop, "wrong", from).await.errors(), WRONG_PAIR);
        }
        for (honest, from) in [(shop, "198.51.100.7"), (other, "198.51.100.7"), (other, "203.0.113.3")] {
            assert_eq!(call(honest, &honest.shop_pass, from).await.errors(), ADMITTED, "round {round} from {from}");
            admitted += 1;
        }
    }
    assert!(begun.elapsed() < Duration::from_mins(1));
    show(
        "S5.honest",
        format_args!("{admitted} of {admitted} calls with the right password admitted beside 300 guesses"),
    );
}

#[tokio::test]
async fn whom_a_stranger_names_is_not_believed() {
    let stage = Stage::new().await;
    let shop = stage.shop();
    for guess in 0..10 {
        call(shop, "wrong", &format!("203.0.113.{guess}")).await;
    }
    let answer = call(shop, &shop.shop_pass, "203.0.113.99").await;
    assert_eq!(answer.errors(), WRONG_PAIR, "all ten came from one address, whatever they said");
}
