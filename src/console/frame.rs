//! What surrounds every page: navigation, who is signed in, the language switch. `templates/console/base.html` reads it.

use std::sync::LazyLock;

use super::asked::other;
use super::route::{Nav, Verb};
use super::{Asked, Staff, assets, rooms, routes, words};
use crate::domain::{Millis, Role, ShopId};
use crate::protocol::Language;

static NAVIGATION: LazyLock<Vec<Nav>> = LazyLock::new(|| rooms().into_iter().filter_map(|room| room.nav).collect());

/// The addresses of pages, as routes name them; but for the one that answers for all that do not exist.
static PAGES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let is_page = |verb: Verb, path: &str| verb == Verb::Get && !path.contains("{*");
    routes().into_iter().filter(|route| is_page(route.verb, route.path)).map(|route| route.path).collect()
});

/// What surrounds a page.
pub(crate) struct Frame {
    /// The page's language.
    pub(crate) language: Language,
    /// The links that this reader may follow.
    pub(crate) nav: Vec<NavLink>,
    /// Who reads; `None` at the door.
    pub(crate) reader: Option<Reader>,
    /// What each form carries in its field `csrf`.
    pub(crate) csrf: String,
    /// The same page in the other language; empty where it cannot be fetched again.
    pub(crate) switch_href: String,
    /// What has just been done, or not.
    pub(crate) notice: Option<Notice>,
}

/// A link of the navigation.
pub(crate) struct NavLink {
    pub(crate) href: &'static str,
    pub(crate) label: &'static str,
    pub(crate) is_present: bool,
}

/// Who reads.
pub(crate) struct Reader {
    pub(crate) name: String,
    pub(crate) role: &'static str,
    /// The one shop that it sees; `None` for an operator.
    pub(crate) shop: Option<String>,
}

/// A sentence above a page.
pub(crate) struct Notice {
    pub(crate) is_good: bool,
    pub(crate) text: String,
}

impl Frame {
    /// Around the page that was asked for.
    pub(crate) fn of(staff: Option<&Staff>, asked: &Asked) -> Self {
        let language = asked.language;
        let open = |nav: &&Nav| staff.is_some_and(|staff| nav.needs.met_by(staff.role(), staff.scope()));
        let link = |nav: &Nav| NavLink {
            href: nav.path,
            label: language.pick(nav.ja, nav.en),
            is_present: is_below(asked.path(), nav.path),
        };
        let reader = |staff: &Staff| Reader {
            name: staff.name().to_string(),
            role: role_label(staff.role(), language),
            shop: staff.scope().shop().map(ShopId::to_string),
        };
        Self {
            language,
            nav: NAVIGATION.iter().filter(open).map(link).collect(),
            reader: staff.map(reader),
            csrf: staff.map(Staff::form_mark).unwrap_or_default(),
            switch_href: if asked.is_form() && !is_page(asked.path()) { String::new() } else { asked.switch_href() },
            notice: None,
        }
    }

    /// With a sentence above the page: good news or bad.
    #[must_use]
    pub(crate) fn saying(mut self, is_good: bool, text: impl Into<String>) -> Self {
        self.notice = Some(Notice { is_good, text: text.into() });
        self
    }

    /// Whichever of the two texts is in the page's language.
    pub(crate) fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.language.pick(ja, en)
    }

    /// Whether the reader has more than one shop to look at.
    pub(crate) fn sees_every_shop(&self) -> bool {
        self.reader.as_ref().is_some_and(|reader| reader.shop.is_none())
    }

    /// The other language.
    pub(crate) fn other(&self) -> Language {
        other(self.language)
    }

    /// A role's name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand over references")]
    pub(crate) fn role(&self, role: &Role) -> &'static str {
        role_label(*role, self.language)
    }

    /// A moment as people in Japan read it: `2026-11-23 03:10:00`.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand over references")]
    #[expect(clippy::unused_self, reason = "templates call what they are given, and no path")]
    pub(crate) fn time(&self, at: &Millis) -> String {
        words::moment(*at)
    }

    /// By which browsers know the present style and script from older ones.
    #[expect(clippy::unused_self, reason = "templates call what they are given, and no path")]
    pub(crate) fn asset_mark(&self) -> &'static str {
        assets::mark()
    }
}

/// The first page of the navigation that this one may see.
pub(super) fn first_page(staff: &Staff) -> Option<&'static str> {
    let open = |nav: &&Nav| nav.needs.met_by(staff.role(), staff.scope());
    NAVIGATION.iter().find(open).map(|nav| nav.path)
}

/// Whether this address can be fetched: what forms are sent to cannot always.
fn is_page(path: &str) -> bool {
    let fits = |page: &&str| {
        let (mut parts, mut given) = (page.split('/'), path.split('/'));
        loop {
            match (parts.next(), given.next()) {
                (None, None) => return true,
                (Some(part), Some(given)) if part == given || part.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    PAGES.iter().any(fits)
}

fn is_below(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A role's name in a language.
pub(crate) const fn role_label(role: Role, language: Language) -> &'static str {
    match role {
        Role::Look => language.pick("閲覧", "Look"),
        Role::Act => language.pick("操作", "Act"),
        Role::Administer => language.pick("管理", "Administer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_belongs_to_the_room_that_its_address_begins_with() {
        for (path, room, below) in [
            ("/console/users", "/console/users", true),
            ("/console/users/3", "/console/users", true),
            ("/console/usersx", "/console/users", false),
            ("/console/audit", "/console/users", false),
        ] {
            assert_eq!(is_below(path, room), below, "{path} {room}");
        }
    }

    #[test]
    fn a_form_s_address_is_a_page_or_not() {
        for (path, page) in [
            ("/console/users", true),
            ("/console/users/3", true),
            ("/console/users/3/role", false),
            ("/console/shop-settings/reload", false),
            ("/console/transactions/abc/sales", true),
            ("/console/sign-out", false),
            ("/console/nowhere", false),
        ] {
            assert_eq!(is_page(path), page, "{path}");
        }
    }
}
