//! Lists against a plain filter over everything, and the plan of every query that can be made.

use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row as _};
use tempfile::TempDir;

use super::super::options;
use super::list::{Choice, choose, few, last, probe, stretch, tally};
use super::plan::{Order, along, conditions, consents, narrowing};
use super::story::notifications_query;
use super::*;
use crate::domain::{OrderId, ShopId, Status, Yen};
use crate::store::overview::OrderWanted;

/// Two shops; many transactions of the same moment, and of the same total.
const FILL: &str = "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 5999)
    INSERT INTO transactions (access_id, key_id, shop_id, order_id, version, status, job_cd, amount, tax, amazonpay_type,
        created_at, processed_at, way, checkout_session_id, charge_permission_id, charge_id, authorized_at, captured_at,
        frequency_unit, frequency_value, err_info)
    SELECT printf('%032x', n * 7919 % 6000), 'key', iif(n % 3 = 0, 'tshop00000002', 'tshop00000001'),
        printf('%s-%d', substr('ABC', 1 + n % 3, 1), n), 1, status, 'AUTH', 1000 + n * 31 % 17 * 100, n % 3, '3',
        1795371000000 + n / 7, 1795371000000 + n / 7,
        iif(status = 'UNPROCESSED', NULL, 'REVIEW'), iif(status = 'UNPROCESSED', NULL, 'session-' || n),
        iif(status IN ('AUTH', 'SALES'), 'S03-1-' || (n / 50), NULL),
        iif(status IN ('AUTH', 'SALES'), 'S03-1-C' || n, NULL),
        iif(status IN ('AUTH', 'SALES'), 1795371000000 + n / 7, NULL),
        iif(status = 'SALES', 1795371000000 + n / 7, NULL),
        iif(n % 20 = 1, 'Month', NULL), iif(n % 20 = 1, 1, NULL), iif(status = 'PAYFAIL', 'AZ1000001', NULL)
    FROM (SELECT n, CASE n % 5 WHEN 0 THEN 'UNPROCESSED' WHEN 1 THEN 'AUTH' WHEN 2 THEN 'PAYFAIL' ELSE 'SALES' END AS status
          FROM n)";

struct Book {
    store: SqliteStore,
    rows: SqliteConnection,
    _data: TempDir,
}

async fn book() -> Book {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("sekisho.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let mut rows = options(&path).busy_timeout(Duration::from_secs(20)).connect().await.unwrap();
    rows.execute(FILL).await.unwrap();
    Book { store, rows, _data: data }
}

fn shop(number: u8) -> ShopId {
    ShopId::new(format!("tshop0000000{number}")).unwrap()
}

/// Every combination of what can be searched for, by everybody.
fn searches() -> Vec<(Scope, Search)> {
    let order = |text: &str| Some(text.parse::<OrderWanted>().unwrap());
    let mut all = Vec::new();
    for mask in 0..64_u32 {
        let given = |bit: u32| mask & (1 << bit) != 0;
        for (order, total) in [(order("B-1*"), 1100), (order("A-33"), 9000), (order("A*"), 0)] {
            let search = Search {
                order: if given(0) { order } else { None },
                access_id: given(1).then(|| AccessId::new(format!("{:032x}", 7919 * 33 % 6000)).unwrap()),
                permission: given(2).then(|| ChargePermissionId::new("S03-1-7").unwrap()),
                status: given(3).then_some(Status::Sales),
                from: given(4).then_some(Millis(1_795_371_000_100)),
                before: given(4).then_some(Millis(1_795_371_000_700)),
                total_from: given(5).then(|| Yen::new(total).unwrap()),
                total_to: (given(5) && total > 0).then(|| Yen::new(9999).unwrap()),
            };
            all.extend(
                [Scope::EveryShop, Scope::Shop(shop(1)), Scope::Shop(shop(2))].map(|scope| (scope, search.clone())),
            );
        }
    }
    all
}

fn fits(line: &TransactionLine, scope: &Scope, search: &Search) -> bool {
    let total = line.money.total();
    scope.sees(&line.shop_id)
        && search.access_id.as_ref().is_none_or(|id| *id == line.access_id)
        && search.order.as_ref().is_none_or(|order| match order {
            OrderWanted::Is(id) => *id == line.order_id,
            OrderWanted::BeginsWith(id) => line.order_id.as_str().starts_with(id.as_str()),
        })
        && search.permission.as_ref().is_none_or(|id| line.permission.as_ref() == Some(id))
        && search.status.is_none_or(|status| status == line.status)
        && search.from.is_none_or(|from| line.created_at >= from)
        && search.before.is_none_or(|before| line.created_at < before)
        && search.total_from.is_none_or(|from| total >= from)
        && search.total_to.is_none_or(|to| total <= to)
}

async fn whole_list(store: &SqliteStore, scope: &Scope, search: &Search, sort: Sort, limit: u32) -> Vec<OrderId> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = store.transactions(scope, search, sort, after, limit).await.unwrap();
        assert!(page.rows.len() <= limit as usize);
        all.extend(page.rows.into_iter().map(|line| line.order_id));
        match page.next {
            None => return all,
            next => after = next,
        }
    }
}

/// In pages of odd sizes, so that they end among rows of the same key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_search_finds_what_a_filter_finds() {
    let book = book().await;
    let everything =
        book.store.transactions(&Scope::EveryShop, &Search::default(), Sort::Oldest, None, 1).await.unwrap();
    assert!(everything.next.is_some());
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page =
            book.store.transactions(&Scope::EveryShop, &Search::default(), Sort::Oldest, after, 500).await.unwrap();
        all.extend(page.rows);
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!(all.len(), 6000);
    let mut found_at_all = 0;
    for (index, (scope, search)) in searches().into_iter().enumerate() {
        let mut wanted: Vec<_> = all.iter().filter(|line| fits(line, &scope, &search)).collect();
        found_at_all += wanted.len();
        let sort = Sort::ALL[index % 3];
        match sort {
            Sort::Oldest => {}
            Sort::Newest => wanted.reverse(),
            Sort::Largest => {
                wanted.reverse();
                wanted.sort_by_key(|line| std::cmp::Reverse(line.money.total()));
            }
        }
        let wanted: Vec<_> = wanted.into_iter().map(|line| line.order_id.clone()).collect();
        let limit = [487, 499, 251][index / 3 % 3];
        let found = whole_list(&book.store, &scope, &search, sort, limit).await;
        assert!(found == wanted, "{scope:?} {search:?} {sort:?}: {} and {}", found.len(), wanted.len());
        let counted = book.store.count(&scope, &search).await.unwrap();
        assert_eq!((counted.found, counted.all), (wanted.len() as u64, true), "{scope:?} {search:?}");
    }
    assert!(found_at_all > 20_000, "the searches look for something");
    book.rows.close().await.unwrap();
}

/// Explains a query as it is, whatever its values.
async fn plan_of(rows: &mut SqliteConnection, sql: &str) -> String {
    let explained = rows.fetch_all(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).await.unwrap();
    explained.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("\n")
}

/// Walks over a whole table or index, and nothing else, would be "SCAN" with its name; bounded subqueries are scanned.
fn assert_bounded(plan: &str, sql: &str) {
    for line in plan.lines().filter(|line| line.contains("SCAN")) {
        let whole = ["t", "n", "o", "operations", "transactions", "notifications", "tallies", "journal"];
        let name = line.trim_start_matches("SCAN ").split(' ').next().unwrap();
        // In the order of the list, to the end of a LIMIT.
        let in_order = line.contains("USING INDEX") || line.contains("USING COVERING INDEX");
        assert!(!whole.contains(&name) || in_order, "{plan}\n{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_answered_from_an_index() {
    let mut book = book().await;
    let after = Some(Cursor { key: 1, row: 1 });
    for (scope, search) in searches() {
        let conditions = conditions(&scope, &search);
        for sort in Sort::ALL {
            let by = (along(&scope, &search, sort), Order::of(sort));
            let mut queries = vec![
                stretch(by, &conditions, None, 51, 50),
                stretch(by, &conditions, after, 51, 50),
                last(by, &conditions, after, 51),
                tally(by.0, &conditions, 50),
            ];
            for query in &queries {
                let plan = plan_of(&mut book.rows, query.sql().as_str()).await;
                assert_bounded(&plan, query.sql().as_str());
                assert!(plan.contains(by.0.index.unwrap()), "{plan}");
                // The key of the list is never sorted before its bound.
                let inner = plan.lines().filter(|line| line.contains("TEMP B-TREE")).count();
                assert!(inner <= 3, "{plan}\n{}", query.sql().as_str());
            }
            queries.clear();
            for driver in narrowing(&scope, &search, sort) {
                queries.push(probe(driver, &conditions));
                queries.push(few((driver, by.1), &conditions, after, 50));
            }
            for query in &queries {
                let plan = plan_of(&mut book.rows, query.sql().as_str()).await;
                assert!(plan.contains("SEARCH t USING"), "{plan}\n{}", query.sql().as_str());
                assert_bounded(&plan, query.sql().as_str());
            }
        }
    }
    for scope in [Scope::EveryShop, Scope::Shop(shop(1))] {
        let (driver, conditions) = consents(&scope);
        let query = stretch((driver, Order::NEWEST), &conditions, after, 51, 50);
        assert_bounded(&plan_of(&mut book.rows, query.sql().as_str()).await, query.sql().as_str());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_and_notifications_are_answered_from_an_index() {
    let mut book = book().await;
    for (shop, state) in [(None, None), (None, Some("PENDING")), (Some("s"), None), (Some("s"), Some("PENDING"))] {
        for after in [None, Some(Cursor { key: 0, row: 9 })] {
            let query = notifications_query(shop, state, after, 51);
            let plan = plan_of(&mut book.rows, query.sql().as_str()).await;
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
            // By rowid, the newest first, is the order of the table itself.
            assert!(plan.contains("SEARCH n USING") || (shop, state, after.is_none()) == (None, None, true), "{plan}");
        }
    }
    let expiring = figures::EXPIRING.map(|from| format!("SELECT 1 {from} ORDER BY t.authorized_at, t.rowid LIMIT 9"));
    let fixed = [figures::UNKNOWN, figures::TALLIES_OF_ALL, figures::TALLIES_OF_SHOP];
    let texts = fixed.iter().chain(&figures::COUNT_GIVEN_UP).map(|text| (*text).to_owned()).chain(expiring);
    for sql in texts {
        assert_bounded(&plan_of(&mut book.rows, &sql).await, &sql);
    }
}

/// What is asked for in the day's busiest hours must not depend on how many fit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_fit_are_walked_along_and_few_are_sorted() {
    let book = book().await;
    for (total_from, few) in [(0, false), (2600, true)] {
        let search = Search { total_from: Yen::new(total_from), ..Search::default() };
        let mut view = book.store.readers.acquire().await.unwrap();
        let chosen =
            choose(&mut view, (&Scope::EveryShop, &search, Sort::Newest), &conditions(&Scope::EveryShop, &search))
                .await
                .unwrap();
        assert_eq!(matches!(chosen, Choice::Few(_)), few, "{total_from}");
    }
}

/// Page by page through consents, in scope only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consents_are_those_with_a_cycle() {
    let book = book().await;
    for (scope, count) in [(Scope::EveryShop, 300), (Scope::Shop(shop(1)), 200), (Scope::Shop(shop(2)), 100)] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = book.store.consents(&scope, after, 13).await.unwrap();
            seen.extend(page.rows);
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        assert_eq!(seen.len(), count);
        assert!(seen.iter().all(|line| line.permission.is_some() && scope.sees(&line.shop_id)));
        assert!(seen.is_sorted_by_key(|line| std::cmp::Reverse(line.created_at)));
    }
}

/// The same figures as counting would give.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tallies_follow_what_is_written() {
    let mut book = book().await;
    let day = JapanDay::of(Millis(1_795_371_000_000));
    let changed = "UPDATE transactions SET status = 'PAYFAIL', err_info = 'AZ1000001', charge_id = NULL,
        authorized_at = NULL, charge_permission_id = NULL, processed_at = processed_at + 86400000
        WHERE status = 'AUTH' AND shop_id = 'tshop00000001'";
    book.rows.execute(changed).await.unwrap();
    for scope in [Scope::EveryShop, Scope::Shop(shop(1)), Scope::Shop(shop(2))] {
        let tallies = book.store.tallies(&scope, day, day.plus(1)).await.unwrap();
        for status in [Status::Unprocessed, Status::Auth, Status::Sales, Status::PayFail, Status::Cancel] {
            let search = Search { status: Some(status), ..Search::default() };
            let counted = book.store.count(&scope, &search).await.unwrap().found;
            let told: i64 = tallies
                .iter()
                .filter(|tally| tally.of == crate::store::overview::TallyOf::Status(status) && tally.day == day)
                .map(|tally| tally.count)
                .sum();
            assert_eq!(u64::try_from(told).unwrap(), counted, "{scope:?} {status}");
        }
    }
}

/// However many look on, whoever pays reads at once; and whoever finds no place is told so after a bounded wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_look_on_take_no_place_of_whoever_pays() {
    let book = book().await;
    let access_id = AccessId::new(format!("{:032x}", 1)).unwrap();
    let mut taken = Vec::new();
    for _ in 0..super::super::ONLOOKERS_MAX {
        taken.push(book.store.onlookers.acquire().await.unwrap());
    }
    assert!(crate::store::Store::transaction(&book.store, &access_id).await.unwrap().is_some());
    let page = book.store.transactions(&Scope::EveryShop, &Search::default(), Sort::Newest, None, 1).await;
    assert_eq!(page, Err(OverviewError::Busy));
    assert_eq!(book.store.transaction_in_scope(&Scope::EveryShop, &access_id).await, Err(OverviewError::Busy));
    drop(taken);
    assert!(book.store.transaction_in_scope(&Scope::EveryShop, &access_id).await.unwrap().is_some());

    let counting = book.store.counting.clone().try_acquire_owned().unwrap();
    assert_eq!(book.store.count(&Scope::EveryShop, &Search::default()).await, Err(OverviewError::Busy));
    let page = book.store.transactions(&Scope::EveryShop, &Search::default(), Sort::Newest, None, 1).await.unwrap();
    assert_eq!(page.rows.len(), 1, "a page needs no turn at counting");
    drop(counting);
    assert_eq!(book.store.count(&Scope::EveryShop, &Search::default()).await.unwrap().found, 6000);
}
