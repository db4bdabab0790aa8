//! (room: `demo_shop`)
