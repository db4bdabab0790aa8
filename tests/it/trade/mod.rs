//! What shops and buyers do all day while somebody makes it hard for them, and how the books are laid side by side in the
//! evening. Two worlds share it: that of `crash`, with real processes, and that of `sim`, in virtual time. What differs
//! between them is how a call is made and how long one waits; that is a [`Customer`](customer::Customer).

pub(crate) mod books;
pub(crate) mod customer;
pub(crate) mod lives;
pub(crate) mod shop;
