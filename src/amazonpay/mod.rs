//! (room: amazonpay)
