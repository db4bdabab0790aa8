//! What happened, line by line. The same seed writes the same lines.

use std::sync::Mutex;

use tokio::time::Instant;

/// The lines so far.
pub(super) struct Trace {
    began: Instant,
    lines: Mutex<Vec<String>>,
}

impl Trace {
    /// An empty one, which begins now.
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), lines: Mutex::default() }
    }

    /// Writes a line.
    pub(super) fn say(&self, line: impl std::fmt::Display) {
        let ms = self.began.elapsed().as_millis();
        self.lines.lock().unwrap().push(format!("{:>6}.{:03} {line}", ms / 1000, ms % 1000));
    }

    /// All of it.
    pub(super) fn told(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }
}
