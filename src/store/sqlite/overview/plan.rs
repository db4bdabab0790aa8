//! By which index a search is answered. Decided here and not by SQLite, so that no statistics and no odd combination can
//! turn a page into a walk through the whole book; `INDEXED BY` makes a mistake an error instead of a slow page.
//!
//! A list goes along the index that has its order ([`along`]). What that index does not know is looked at in each row, a
//! bounded number of rows a page. Before that, whatever narrows the search by another index is tried ([`narrowing`]):
//! where few rows are left, these are simply sorted.

use std::borrow::Cow;

use sqlx::{QueryBuilder, Sqlite};

use crate::domain::Scope;
use crate::store::overview::{Cursor, OrderWanted, Search, Sort};

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Shop,
    AccessId,
    Order,
    Permission,
    Status,
    Time,
    Total,
    Consent,
}

/// One condition: `sql` ends where its value belongs.
#[derive(Debug, Clone)]
pub(super) struct Condition<'a> {
    pub(super) about: About,
    sql: &'static str,
    value: Value<'a>,
}

#[derive(Debug, Clone)]
enum Value<'a> {
    Text(Cow<'a, str>),
    Number(i64),
    None,
}

impl Condition<'_> {
    pub(super) fn push(&self, query: &mut QueryBuilder<Sqlite>) {
        query.push(" AND ").push(self.sql);
        match &self.value {
            Value::Text(text) => query.push_bind(text.clone().into_owned()),
            Value::Number(number) => query.push_bind(*number),
            Value::None => query,
        };
    }
}

/// Everything that a transaction has to be: in scope, and what the search says.
pub(super) fn conditions<'a>(scope: &'a Scope, search: &'a Search) -> Vec<Condition<'a>> {
    let text = |about, sql, value: &'a str| Condition { about, sql, value: Value::Text(value.into()) };
    let number = |about, sql, value| Condition { about, sql, value: Value::Number(value) };
    let mut all = Vec::new();
    all.extend(scope.shop().map(|shop| text(About::Shop, "t.shop_id = ", shop.as_str())));
    all.extend(search.access_id.as_ref().map(|id| text(About::AccessId, "t.access_id = ", id.as_str())));
    match &search.order {
        Some(OrderWanted::Is(order)) => all.push(text(About::Order, "t.order_id = ", order.as_str())),
        Some(OrderWanted::BeginsWith(beginning)) => {
            all.push(text(About::Order, "t.order_id >= ", beginning.as_str()));
            // `~` comes after everything that an OrderID can hold.
            let end = Value::Text(format!("{beginning}~").into());
            all.push(Condition { about: About::Order, sql: "t.order_id < ", value: end });
        }
        None => {}
    }
    let permission = search.permission.as_ref();
    all.extend(permission.map(|id| text(About::Permission, "t.charge_permission_id = ", id.as_str())));
    all.extend(search.status.map(|status| text(About::Status, "t.status = ", status.wire())));
    all.extend(search.from.map(|from| number(About::Time, "t.created_at >= ", from.0)));
    all.extend(search.before.map(|before| number(About::Time, "t.created_at < ", before.0)));
    all.extend(search.total_from.map(|from| number(About::Total, "t.total >= ", from.get())));
    all.extend(search.total_to.map(|to| number(About::Total, "t.total <= ", to.get())));
    all
}

/// A consent that can be charged again, in scope; and the index of these.
pub(super) fn consents(scope: &Scope) -> (Driver, Vec<Condition<'_>>) {
    let sql = "t.frequency_unit IS NOT NULL AND t.charge_permission_id IS NOT NULL";
    let mut all = vec![Condition { about: About::Consent, sql, value: Value::None }];
    let Some(shop) = scope.shop() else {
        return (Driver { index: Some("consents_by_time"), knows: &[About::Consent] }, all);
    };
    all.push(Condition { about: About::Shop, sql: "t.shop_id = ", value: Value::Text(shop.as_str().into()) });
    (Driver { index: Some("consents_of_shop_by_time"), knows: &[About::Consent, About::Shop] }, all)
}

/// The column that a list is sorted by, and which way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) key: &'static str,
    descending: bool,
}

impl Order {
    pub(super) const NEWEST: Self = Self { key: "t.created_at", descending: true };

    pub(super) const fn of(sort: Sort) -> Self {
        match sort {
            Sort::Newest => Self::NEWEST,
            Sort::Oldest => Self { key: "t.created_at", descending: false },
            Sort::Largest => Self { key: "t.total", descending: true },
        }
    }

    /// How what comes later compares with what came before.
    pub(super) const fn later(self) -> &'static str {
        if self.descending { "<" } else { ">" }
    }

    pub(super) const fn direction(self) -> &'static str {
        if self.descending { "DESC" } else { "ASC" }
    }

    pub(super) const fn reverse(self) -> &'static str {
        if self.descending { "ASC" } else { "DESC" }
    }
}

/// An index and the conditions that it answers by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Driver {
    /// None where SQLite has no choice: a unique key.
    pub(super) index: Option<&'static str>,
    knows: &'static [About],
}

impl Driver {
    pub(super) fn knows(&self, condition: &Condition<'_>) -> bool {
        self.knows.contains(&condition.about)
    }

    pub(super) fn push_table(&self, query: &mut QueryBuilder<Sqlite>) {
        query.push("transactions AS t");
        if let Some(index) = self.index {
            query.push(" INDEXED BY ").push(index);
        }
    }
}

/// The index that has the list's order.
pub(super) fn along(scope: &Scope, search: &Search, sort: Sort) -> Driver {
    use About::{Shop, Status, Time, Total};
    let one_shop = scope.shop().is_some();
    let (index, knows): (_, &'static [About]) = match (sort, one_shop, search.status.is_some()) {
        (Sort::Largest, false, _) => ("transactions_by_total", &[Total]),
        (Sort::Largest, true, _) => ("transactions_of_shop_by_total", &[Shop, Total]),
        (_, false, false) => ("transactions_by_time", &[Time]),
        (_, true, false) => ("transactions_of_shop_by_time", &[Shop, Time]),
        (_, false, true) => ("transactions_by_status", &[Status, Time]),
        (_, true, true) => ("transactions_of_shop_by_status", &[Shop, Status, Time]),
    };
    Driver { index: Some(index), knows }
}

/// Indexes that may leave few rows, the most promising first.
pub(super) fn narrowing(scope: &Scope, search: &Search, sort: Sort) -> Vec<Driver> {
    let one_shop = scope.shop().is_some();
    let mut all = Vec::new();
    if search.access_id.is_some() {
        all.push(Driver { index: None, knows: &[About::AccessId] });
    }
    if search.order.is_some() {
        all.push(if one_shop {
            Driver { index: Some("order_id_unique_per_shop"), knows: &[About::Shop, About::Order] }
        } else {
            Driver { index: Some("transactions_by_order"), knows: &[About::Order] }
        });
    }
    if search.permission.is_some() {
        all.push(Driver { index: Some("transactions_of_permission"), knows: &[About::Permission] });
    }
    let by_total = search.total_from.is_some() || search.total_to.is_some();
    let by_time = search.status.is_some() || search.from.is_some() || search.before.is_some();
    match sort {
        Sort::Newest | Sort::Oldest if by_total => all.push(along(scope, search, Sort::Largest)),
        Sort::Largest if by_time => all.push(along(scope, search, Sort::Newest)),
        _ => {}
    }
    all
}

/// The rows along an index from `after` on, `n` of them, as `seen (k, n)`. Equal keys are told apart by their rowid, which
/// every index ends with; they are a search of their own, so that going on among a million equal ones costs no more.
pub(super) fn push_seen(
    query: &mut QueryBuilder<Sqlite>,
    (driver, order): (Driver, Order),
    conditions: &[Condition<'_>],
    after: Option<Cursor>,
    n: i64,
) {
    query.push("WITH seen (k, n) AS (SELECT k, n FROM (");
    if let Some(after) = after {
        push_stretch(query, (driver, order), conditions);
        query.push(" AND ").push(order.key).push(" = ").push_bind(after.key);
        query.push(" AND t.rowid ").push(order.later()).push(" ").push_bind(after.row);
        query.push(" ORDER BY t.rowid ").push(order.direction()).push(" LIMIT ").push_bind(n);
        query.push(") UNION ALL ");
    }
    push_stretch(query, (driver, order), conditions);
    if let Some(after) = after {
        query.push(" AND ").push(order.key).push(" ").push(order.later()).push(" ").push_bind(after.key);
    }
    let direction = order.direction();
    query.push(" ORDER BY ").push(order.key).push(" ").push(direction).push(", t.rowid ").push(direction);
    query.push(" LIMIT ").push_bind(n).push("))");
    query.push(" ORDER BY k ").push(direction).push(", n ").push(direction).push(" LIMIT ").push_bind(n).push(") ");
}

fn push_stretch(query: &mut QueryBuilder<Sqlite>, (driver, order): (Driver, Order), conditions: &[Condition<'_>]) {
    query.push("SELECT * FROM (SELECT ").push(order.key).push(" AS k, t.rowid AS n FROM ");
    driver.push_table(query);
    query.push(" WHERE true");
    for it in conditions.iter().filter(|it| driver.knows(it)) {
        it.push(query);
    }
}

/// The condition that a row comes after `after`, for rows that are sorted in the end.
pub(super) fn push_after(query: &mut QueryBuilder<Sqlite>, order: Order, after: Option<Cursor>) {
    let Some(Cursor { key, row }) = after else { return };
    query.push(" AND (").push(order.key).push(" ").push(order.later()).push(" ").push_bind(key);
    query.push(" OR (").push(order.key).push(" = ").push_bind(key);
    query.push(" AND t.rowid ").push(order.later()).push(" ").push_bind(row).push("))");
}
