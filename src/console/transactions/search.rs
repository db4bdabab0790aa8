//! The search form: what was typed, what it means, and what is wrong with it.

use crate::console::words::typed_yen;
use crate::console::{Asked, Failure, Staff};
use crate::domain::{AccessId, ChargePermissionId, JapanDay, Scope, Status};
use crate::store::overview::{Search, Sort};

/// What was typed, as it was.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    pub(super) order: String,
    pub(super) access_id: String,
    pub(super) permission: String,
    pub(super) status: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) total_from: String,
    pub(super) total_to: String,
    pub(super) shop: String,
    pub(super) sort: String,
}

/// What it means.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) scope: Scope,
    pub(super) search: Search,
    pub(super) sort: Sort,
}

impl Typed {
    pub(super) fn of(asked: &Asked) -> Self {
        let field = |name| asked.field(name).to_owned();
        Self {
            order: field("order"),
            access_id: field("access_id"),
            permission: field("permission"),
            status: field("status"),
            from: field("from"),
            to: field("to"),
            total_from: field("total_from"),
            total_to: field("total_to"),
            shop: field("shop"),
            sort: field("sort"),
        }
    }

    fn pairs(&self) -> [(&'static str, &str); 10] {
        [
            ("order", &self.order),
            ("access_id", &self.access_id),
            ("permission", &self.permission),
            ("status", &self.status),
            ("from", &self.from),
            ("to", &self.to),
            ("total_from", &self.total_from),
            ("total_to", &self.total_to),
            ("shop", &self.shop),
            ("sort", &self.sort),
        ]
    }

    /// The same search in an address, with more.
    pub(super) fn query(&self, more: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs().iter().chain(more).filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        query.finish()
    }

    /// Whether anything is searched for at all.
    pub(super) fn is_search(&self) -> bool {
        self.pairs().iter().any(|(name, value)| *name != "sort" && !value.is_empty())
    }

    /// The fields, for another form that keeps them.
    pub(super) fn kept(&self) -> Vec<(&'static str, &str)> {
        self.pairs().into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// What it means, or what is wrong with it, field by field.
    ///
    /// # Errors
    /// [`Failure::not_found`] for a shop that is out of scope.
    pub(super) fn read(&self, staff: &Staff, asked: &Asked) -> Result<Result<Wanted, Faults>, Failure> {
        let mut faults = Reading { asked, faults: Faults::default() };
        let day = |faults: &mut Reading<'_>, field: &'static str, text: &str| {
            faults.read(
                field,
                text,
                |it| it.parse::<JapanDay>().ok(),
                ("日付は 2026-11-23 の形です。", "A date is written 2026-11-23."),
            )
        };
        let yen = |faults: &mut Reading<'_>, field: &'static str, text: &str| {
            faults.read(
                field,
                text,
                typed_yen,
                ("金額は0から9999999の整数（円）です。", "An amount is a whole number of yen from 0 to 9999999."),
            )
        };
        let search = Search {
            order: faults.read(
                "order",
                &self.order,
                |it| it.parse().ok(),
                (
                    "OrderIDは半角英数字とハイフン27文字以内、前方一致は末尾に * です。",
                    "An OrderID is up to 27 letters, digits and hyphens; put * behind a beginning.",
                ),
            ),
            access_id: faults.read(
                "access_id",
                &self.access_id,
                |it| AccessId::new(it).ok(),
                ("AccessIDは半角英数字32文字です。", "An AccessID is 32 letters and digits."),
            ),
            permission: faults.read(
                "permission",
                &self.permission,
                |it| ChargePermissionId::new(it).ok(),
                (
                    "Charge Permission IDは S03-1234567-1234567 の形（半角）です。",
                    "A charge permission is written S03-1234567-1234567.",
                ),
            ),
            status: faults.read(
                "status",
                &self.status,
                Status::parse,
                ("状態を選び直してください。", "Please choose a status."),
            ),
            from: day(&mut faults, "from", &self.from).map(JapanDay::begins_at),
            before: day(&mut faults, "to", &self.to).map(|day| day.plus(1).begins_at()),
            total_from: yen(&mut faults, "total_from", &self.total_from),
            total_to: yen(&mut faults, "total_to", &self.total_to),
        };
        let again = ("並び順を選び直してください。", "Please choose an order.");
        let sort = faults.read("sort", &self.sort, Sort::of_word, again);
        let scope = staff.scope_of(&self.shop)?;
        let faults = faults.faults;
        Ok(if faults.is_empty() { Ok(Wanted { scope, search, sort: sort.unwrap_or_default() }) } else { Err(faults) })
    }
}

/// What is wrong with a search, field by field.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<(&'static str, String)>);

impl Faults {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with this field.
    pub(super) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }

    /// Each sentence once.
    pub(super) fn sentences(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for (_, text) in &self.0 {
            if !all.contains(&text.as_str()) {
                all.push(text);
            }
        }
        all
    }
}

struct Reading<'a> {
    asked: &'a Asked,
    faults: Faults,
}

impl Reading<'_> {
    /// What `read` makes of a field; a blank one is nothing, and one that it cannot read is a fault.
    fn read<T>(
        &mut self,
        field: &'static str,
        text: &str,
        read: impl Fn(&str) -> Option<T>,
        (ja, en): (&str, &str),
    ) -> Option<T> {
        if text.is_empty() {
            return None;
        }
        let value = read(text);
        if value.is_none() {
            self.faults.0.push((field, self.asked.t(ja, en).to_owned()));
        }
        value
    }
}
