//! Everything at `/_control/`, in one list: the router is made of it, and a test holds the OpenAPI document against it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::handler::Handler;
use axum::middleware::from_fn;
use axum::routing::{MethodRouter, delete, get, post};

use super::{browse, checkout, compare, object, openapi, pages, permissions};
use crate::sandbox::Sandbox;
use crate::sandbox::desk::same_origin;
use crate::sandbox::ipn::control as ipn;
use crate::sandbox::ledger::ObjectKind;

/// One method at one path.
pub(super) struct Route {
    /// In lower case, as OpenAPI has it.
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    serve: MethodRouter<Arc<Sandbox>>,
}

impl Route {
    fn get<T: 'static>(path: &'static str, handler: impl Handler<T, Arc<Sandbox>>) -> Self {
        Self { method: "get", path, serve: get(handler) }
    }

    fn post<T: 'static>(path: &'static str, handler: impl Handler<T, Arc<Sandbox>>) -> Self {
        Self { method: "post", path, serve: post(handler) }
    }

    fn delete<T: 'static>(path: &'static str, handler: impl Handler<T, Arc<Sandbox>>) -> Self {
        Self { method: "delete", path, serve: delete(handler) }
    }

    fn list(path: &'static str, kind: ObjectKind) -> Self {
        let list = async move |State(sandbox): State<Arc<Sandbox>>, filter: Query<browse::Filter>| {
            browse::list(kind, &sandbox, &filter)
        };
        Self::get(path, list)
    }
}

/// All of them.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/_control", pages::reference),
        Route::get("/_control/", pages::reference),
        Route::get("/_control/openapi.json", openapi::serve),
        Route::get("/_control/merchants", browse::list_merchants),
        Route::get("/_control/ledger", pages::ledger),
        Route::list("/_control/checkoutSessions", ObjectKind::CheckoutSession),
        Route::post("/_control/checkoutSessions", checkout::play),
        Route::list("/_control/chargePermissions", ObjectKind::ChargePermission),
        Route::post("/_control/chargePermissions/{id}", permissions::befall),
        Route::list("/_control/charges", ObjectKind::Charge),
        Route::list("/_control/refunds", ObjectKind::Refund),
        Route::get("/_control/objects/{id}", object::detail),
        Route::post("/_control/objects/{id}/state", object::force),
        Route::post("/_control/objects/{id}/ipn", object::tell),
        Route::get("/_control/requests", browse::list_requests),
        Route::get("/_control/requests/{requestId}", compare::request),
        Route::post("/_control/requests/{requestId}/compare", compare::compare_own),
        Route::post("/_control/reset", pages::reset),
        Route::get("/_control/clock", pages::clock),
        Route::post("/_control/clock", pages::advance),
        Route::get("/_control/faults", pages::faults),
        Route::post("/_control/faults", pages::add_fault),
        Route::delete("/_control/faults", pages::clear_faults),
        Route::get("/_control/ipn", ipn::everything),
        Route::post("/_control/ipn/endpoints", ipn::register),
        Route::delete("/_control/ipn/endpoints/{merchantId}", ipn::forget),
        Route::post("/_control/ipn/behaviour", ipn::behave),
        Route::post("/_control/ipn/messages", ipn::send),
        Route::post("/_control/ipn/messages/{messageId}", ipn::repeat),
    ]
}

/// `/_control/` and what is below it. Programs may use it freely, other sites' pages only to look.
pub(in crate::sandbox) fn router() -> Router<Arc<Sandbox>> {
    let router = routes().into_iter().fold(Router::new(), |router, route| router.route(route.path, route.serve));
    router.route_layer(from_fn(same_origin))
}
