//! The real binary as a child process: started in a directory of its own with a bare environment, its output read as it
//! comes, every wait bounded.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longer than anything a test waits for takes on a busy machine; what takes longer will never come.
const PATIENCE: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A running `sekisho`. Killed when dropped.
pub(crate) struct Process {
    child: Child,
    stdout: Output,
    stderr: Output,
    command: String,
}

impl Process {
    /// Starts `sekisho` with `args` in `directory`. Of this process's environment it has nothing but what is given.
    pub(crate) fn start(args: &[&str], directory: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .args(args)
            .current_dir(directory)
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stdout = Output::read(child.stdout.take().expect("piped"));
        let stderr = Output::read(child.stderr.take().expect("piped"));
        Self { child, stdout, stderr, command: args.join(" ") }
    }

    /// Waits for a line of standard output with `part` in it.
    pub(crate) async fn says(&mut self, part: &str) -> String {
        let lines = Arc::clone(&self.stdout.lines);
        self.wait_for(part, &lines).await
    }

    /// Waits for a line of the log with `part` in it.
    pub(crate) async fn logs(&mut self, part: &str) -> String {
        let lines = Arc::clone(&self.stderr.lines);
        self.wait_for(part, &lines).await
    }

    /// Whether a line of the log has `part` in it by now.
    pub(crate) fn logged(&self, part: &str) -> bool {
        self.stderr.lines.lock().expect("a reader").iter().any(|line| line.contains(part))
    }

    async fn wait_for(&mut self, part: &str, lines: &Mutex<Vec<String>>) -> String {
        let begun = Instant::now();
        loop {
            // In this order: what it said before it ended was said.
            let ended = self.child.try_wait().expect("a child").is_some();
            let line = lines.lock().expect("a reader").iter().find(|line| line.contains(part)).cloned();
            if let Some(line) = line {
                return line;
            }
            if ended || begun.elapsed() > PATIENCE {
                let (out, err) = (self.stdout.text(), self.stderr.text());
                panic!("`sekisho {}` never said {part:?} (ended: {ended})\n{out}\n{err}", self.command);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// SIGKILL: no time for a last word.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("reaped");
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success(), "SIG{name} was not sent");
    }

    /// Waits for its end.
    pub(crate) async fn end(self) -> Ended {
        self.end_within(PATIENCE).await
    }

    /// The same of one that has much to do.
    pub(crate) async fn end_within(mut self, patience: Duration) -> Ended {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                self.stdout.finish();
                self.stderr.finish();
                return Ended { code: status.code(), stdout: self.stdout.text(), stderr: self.stderr.text() };
            }
            assert!(begun.elapsed() < patience, "`sekisho {}` does not end\n{}", self.command, self.stderr.text());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `sekisho` to its end.
pub(crate) async fn run(args: &[&str], directory: &Path, environment: &[(&str, &str)]) -> Ended {
    Process::start(args, directory, environment).end().await
}

/// What came out of a pipe so far. Read by a thread of its own, so that the child never waits for a reader.
struct Output {
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Output {
    fn read(pipe: impl Read + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                into.lock().expect("a reader").push(line);
            }
        });
        Self { lines, reader: Some(reader) }
    }

    fn text(&self) -> String {
        self.lines.lock().expect("a reader").iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }

    fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("a reader");
        }
    }
}
