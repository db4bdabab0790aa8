//! (room: reconcile)
