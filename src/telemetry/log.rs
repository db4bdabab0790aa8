//! Starts the log: once, by the command line, before anything else runs. Lines go to standard error, because standard
//! output belongs to a command's result.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::card::mask_card_numbers;

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// For a person at a terminal.
    #[default]
    Text,
    /// One JSON object a line, for a log collector.
    Json,
}

/// Why the log could not be started.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The filter is not in `tracing-subscriber`'s language.
    #[error("{0:?} is not a log filter; write directives such as \"info\" or \"info,sekisho=debug\"")]
    Filter(String),
    /// `init` was called twice in one process.
    #[error("the log is already started")]
    AlreadyStarted,
}

/// Starts the log of this process. `filter` is in the language of `RUST_LOG`: `info`, or `info,sekisho::flow=debug`.
///
/// # Errors
/// A filter that cannot be read; a log that is already started.
pub fn init(format: LogFormat, filter: &str) -> Result<(), InitError> {
    let filter = parse_filter(filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(MaskedStderr).with_ansi(false);
    match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    }
    .map_err(|_| InitError::AlreadyStarted)
}

/// Whether `filter` is one that [`init`] accepts; so that a mistake in the settings is found with all the others.
///
/// # Errors
/// [`InitError::Filter`] where it is not.
pub fn check_filter(filter: &str) -> Result<(), InitError> {
    parse_filter(filter).map(drop)
}

fn parse_filter(filter: &str) -> Result<EnvFilter, InitError> {
    EnvFilter::builder().parse(filter).map_err(|_| InitError::Filter(filter.to_owned()))
}

/// Standard error behind [`mask_card_numbers`]. The subscriber hands over each event whole, in one write.
struct MaskedStderr;

impl<'a> MakeWriter<'a> for MaskedStderr {
    type Writer = MaskingWriter<io::Stderr>;

    fn make_writer(&'a self) -> Self::Writer {
        MaskingWriter(io::stderr())
    }
}

struct MaskingWriter<W>(W);

impl<W: Write> Write for MaskingWriter<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        self.0.write_all(mask_card_numbers(&text).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_does_not_reach_the_log() {
        let mut out = Vec::new();
        MaskingWriter(&mut out).write_all(b"INFO Description=4111111111111111 order=A1\n").unwrap();
        assert_eq!(out, b"INFO Description=[card number] order=A1\n");
    }

    #[test]
    fn a_filter_that_says_nothing_is_refused() {
        assert!(check_filter("info,sekisho::flow=debug").is_ok());
        assert_eq!(
            check_filter("sekisho=loud").unwrap_err().to_string(),
            r#""sekisho=loud" is not a log filter; write directives such as "info" or "info,sekisho=debug""#
        );
    }
}
