//! The test drivers as a tester without JavaScript meets them: each page is fetched, its form posted as it is or changed,
//! and the answer read off the page. Everything goes through the sandbox's whole router.

mod origin;
mod purchase;
mod tester;
mod wrong;
