//! Before the checkout: the street of shops, the shelf, the cart. The shopper acts.

use std::sync::Arc;

use axum::Form;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::demo_shop::pages::{CartPage, CataloguePage, Frame, HomePage, button_config};
use crate::demo_shop::state::{Cart, price};
use crate::demo_shop::visit::{Forms, Visit, answer, language, no_such_page, remember_language};
use crate::demo_shop::{DemoShop, catalogue as shelf};
use crate::domain::random_hex;

/// Which product a cart form is about.
#[derive(Deserialize)]
pub(super) struct Choice {
    product: String,
}

/// `GET /`: all shops.
pub(super) async fn home(Shared(shop): Shared<Arc<DemoShop>>, parts: Parts) -> Response {
    let (lang, chosen) = language(&parts);
    let page = HomePage {
        frame: Frame::outside(lang),
        shops: shop.storefronts.iter().map(|storefront| &storefront.account).collect(),
    };
    let mut response = answer(&shop, StatusCode::OK, Forms::Own, "", &page);
    remember_language(&shop, &mut response, chosen);
    response
}

/// `GET /<shop>`: the catalogue lives one slash further.
pub(super) async fn to_catalogue(visit: Visit) -> Response {
    (StatusCode::PERMANENT_REDIRECT, [(LOCATION, visit.path("/"))]).into_response()
}

/// `GET /<shop>/`.
pub(super) async fn catalogue(visit: Visit) -> Response {
    visit.page(StatusCode::OK, Forms::Own, &CataloguePage { frame: visit.frame(), products: shelf::PRODUCTS })
}

/// `GET /<shop>/cart`.
pub(super) async fn cart(visit: Visit) -> Response {
    let lines = visit.cart().lines();
    let page = CartPage {
        frame: visit.frame(),
        price: price(&lines),
        lines,
        checkout_js_url: visit.shop.checkout_js_url.clone(),
        button_config: button_config(&visit.storefront.account, visit.lang),
    };
    visit.page(StatusCode::OK, Forms::Away, &page)
}

/// `POST /<shop>/cart/add`, form field `product`.
pub(super) async fn add(visit: Visit, Form(choice): Form<Choice>) -> Response {
    let Some(product) = shelf::product(&choice.product) else { return no_such_page(&visit.shop, visit.lang) };
    let mut response = visit.see_other("/cart");
    let id = visit.session.clone().unwrap_or_else(|| {
        let id = random_hex::<16>(&*visit.shop.rng);
        visit.keep_session(&mut response, &id);
        visit.storefront.state().carts.insert(id.clone(), Cart::default());
        id
    });
    if let Some(cart) = visit.storefront.state().carts.get_mut(&id) {
        cart.add(product);
    }
    response
}

/// `POST /<shop>/cart/remove`, form field `product`.
pub(super) async fn remove(visit: Visit, Form(choice): Form<Choice>) -> Response {
    let Some(product) = shelf::product(&choice.product) else { return no_such_page(&visit.shop, visit.lang) };
    if let Some(id) = &visit.session
        && let Some(cart) = visit.storefront.state().carts.get_mut(id)
    {
        cart.remove(product);
    }
    visit.see_other("/cart")
}

/// Anything else.
pub(super) async fn not_found(Shared(shop): Shared<Arc<DemoShop>>, parts: Parts) -> Response {
    no_such_page(&shop, language(&parts).0)
}

impl Visit {
    /// A copy of the shopper's cart; empty without a session.
    pub(super) fn cart(&self) -> Cart {
        let state = self.storefront.state();
        self.session.as_deref().and_then(|id| state.carts.get(id)).cloned().unwrap_or_default()
    }
}
