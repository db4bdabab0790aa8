//! Sign-in with an Amazon account, without a purchase (psp-protocol 7, F). The shopper acts.

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::demo_shop::pages::{SignInPage, WelcomePage, sign_in_button};
use crate::demo_shop::visit::{Forms, Visit};

/// `GET /<shop>/sign-in`.
pub(super) async fn sign_in(visit: Visit) -> Response {
    let page = SignInPage {
        frame: visit.frame(),
        checkout_js_url: visit.shop.checkout_js_url.clone(),
        button_config: sign_in_button(&visit.storefront.account, visit.lang),
    };
    visit.page(StatusCode::OK, Forms::Away, &page)
}

/// What Amazon adds to the sign-in return URL.
#[derive(Deserialize)]
pub(super) struct Token {
    #[serde(default, rename = "buyerToken")]
    buyer_token: String,
}

/// `GET /<shop>/welcome?buyerToken=…`: Amazon has sent the buyer back.
pub(super) async fn welcome(visit: Visit, Query(token): Query<Token>) -> Response {
    if token.buyer_token.is_empty() {
        return visit.see_other("/sign-in");
    }
    match visit.shop.psp.search_buyer(&visit.storefront.account, &token.buyer_token).await {
        Ok(buyer) => visit.page(StatusCode::OK, Forms::Own, &WelcomePage { frame: visit.frame(), buyer }),
        Err(error) => {
            tracing::warn!(%error, "the demo shop could not tell who signed in");
            let title = visit.lang.pick("ログインを確認できませんでした", "We could not confirm your sign-in");
            let text = visit.lang.pick("もう一度ログインしてください。", "Please sign in again.");
            visit.message(StatusCode::BAD_REQUEST, title, text, Some(error.into()))
        }
    }
}
