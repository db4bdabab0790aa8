//! What a change of an account is judged by inside its own database transaction.

use tempfile::TempDir;

use super::SqliteStore;
use crate::domain::{LoginName, Millis, Role, Scope, ShopId, StaffId};
use crate::store::{Account, By, NewAccount, STAFF_MAX, StaffBook as _, StaffChange, StaffError};

const NOW: Millis = Millis(1_795_371_000_000);

async fn book() -> (SqliteStore, TempDir) {
    let data = tempfile::tempdir().unwrap();
    (SqliteStore::open(&data.path().join("sekisho.db")).await.unwrap(), data)
}

fn scope(shop: u8) -> Scope {
    Scope::Shop(ShopId::new(format!("tshop0000000{shop}")).unwrap())
}

fn new(name: &str, scope: Scope) -> StaffChange {
    let name = LoginName::new(name).unwrap();
    StaffChange::Add(NewAccount { name, scope, role: Role::Administer, password_hash: "$argon2id$first".to_owned() })
}

async fn added(book: &SqliteStore, name: &str, scope: Scope) -> Account {
    book.change_staff(new(name, scope), By::command_line(), NOW).await.unwrap();
    account(book, name).await
}

async fn account(book: &SqliteStore, name: &str) -> Account {
    book.account_named(&LoginName::new(name).unwrap()).await.unwrap().unwrap()
}

fn by(account: &Account) -> By {
    By { id: Some(account.id), name: account.name.to_string(), address: None }
}

fn sign_in(account: &Account, token: char) -> StaffChange {
    StaffChange::SignIn {
        id: account.id,
        token_sha256: token.to_string().repeat(64),
        step: None,
        password_hash: account.password_hash.clone(),
        factor_salt: account.factor_salt.clone(),
    }
}

/// Password and code are judged before the session is written. What was changed in between lets nobody in.
#[tokio::test]
async fn nobody_comes_in_by_a_password_that_was_just_replaced() {
    let (book, _data) = book().await;
    let seen = added(&book, "hanako", scope(1)).await;
    let change = async |change| book.change_staff(change, By::command_line(), NOW).await;
    let renewed = StaffChange::Password { id: seen.id, password_hash: "$argon2id$second".to_owned(), keep: None };
    change(renewed).await.unwrap();
    assert_eq!(change(sign_in(&seen, 'a')).await, Err(StaffError::Outdated));
    let seen = account(&book, "hanako").await;
    change(StaffChange::AddFactor(seen.id, "0".repeat(32), 1)).await.unwrap();
    assert_eq!(change(sign_in(&seen, 'a')).await, Err(StaffError::Outdated));
    let seen = account(&book, "hanako").await;
    change(sign_in(&seen, 'a')).await.unwrap();

    // The session that asks for a new password was ended meanwhile.
    let own = |token: char| StaffChange::Password {
        id: seen.id,
        password_hash: "$argon2id$third".to_owned(),
        keep: Some(token.to_string().repeat(64)),
    };
    assert_eq!(change(own('b')).await, Err(StaffError::Outdated));
    change(own('a')).await.unwrap();
    change(StaffChange::EndSessions(seen.id)).await.unwrap();
    assert_eq!(change(own('a')).await, Err(StaffError::Outdated));
}

#[tokio::test]
async fn what_an_operator_disabled_only_an_operator_enables() {
    let (book, _data) = book().await;
    let operator = added(&book, "operator", Scope::EveryShop).await;
    let boss = added(&book, "boss", scope(1)).await;
    let hanako = added(&book, "hanako", scope(1)).await;
    let change = async |change, who: &Account| book.change_staff(change, by(who), NOW).await;
    let (disable, enable) = (StaffChange::Disable(hanako.id), StaffChange::Enable(hanako.id));
    change(disable.clone(), &boss).await.unwrap();
    change(enable.clone(), &boss).await.unwrap();
    for first in [&operator, &boss] {
        change(disable.clone(), first).await.unwrap();
        change(disable.clone(), &operator).await.unwrap();
        change(disable.clone(), &boss).await.unwrap();
        assert_eq!(change(enable.clone(), &boss).await, Err(StaffError::DisabledByOperator));
        assert!(account(&book, "hanako").await.disabled_at.is_some());
        change(enable.clone(), &operator).await.unwrap();
    }
    change(disable.clone(), &boss).await.unwrap();
    change(enable, &boss).await.unwrap();
    assert!(!account(&book, "hanako").await.disabled_by_operator);
}

/// The console asks by scope before; the book judges it again where it is written.
#[tokio::test]
async fn nobody_changes_what_they_do_not_see() {
    let (book, _data) = book().await;
    let operator = added(&book, "operator", Scope::EveryShop).await;
    let boss = added(&book, "boss", scope(1)).await;
    let foreign = added(&book, "foreign", scope(2)).await;
    for about in [&operator, &foreign] {
        for change in [
            StaffChange::Role(about.id, Role::Look),
            StaffChange::Disable(about.id),
            StaffChange::Enable(about.id),
            StaffChange::Password { id: about.id, password_hash: "$argon2id$x".to_owned(), keep: None },
            StaffChange::DropFactor(about.id),
            StaffChange::EndSessions(about.id),
        ] {
            assert_eq!(book.change_staff(change, by(&boss), NOW).await, Err(StaffError::Unknown));
        }
    }
    for scope in [Scope::EveryShop, scope(2)] {
        assert_eq!(book.change_staff(new("more", scope), by(&boss), NOW).await, Err(StaffError::Unknown));
    }
    let nobody = By { id: Some(StaffId(99)), name: "nobody".to_owned(), address: None };
    assert_eq!(book.change_staff(new("more", scope(1)), nobody, NOW).await, Err(StaffError::Unknown));
    book.change_staff(new("more", scope(1)), by(&boss), NOW).await.unwrap();
    assert_eq!(account(&book, "operator").await, operator);
    assert_eq!(account(&book, "foreign").await, foreign);
}

#[tokio::test]
async fn one_shop_fills_its_own_room_alone() {
    let (book, _data) = book().await;
    for number in 0..STAFF_MAX {
        book.change_staff(new(&format!("user-{number}"), scope(1)), By::command_line(), NOW).await.unwrap();
    }
    let more = async |scope| book.change_staff(new("more", scope), By::command_line(), NOW).await;
    assert_eq!(more(scope(1)).await, Err(StaffError::TooMany));
    assert_eq!(more(scope(2)).await, Ok(()));
    book.change_staff(new("operator", Scope::EveryShop), By::command_line(), NOW).await.unwrap();
}
