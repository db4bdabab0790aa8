//! Reads a query parameter by parameter, strictly: what is not read is a parameter that Amazon does not know.

use serde_json::Value;
use url::form_urlencoded;

use super::fields::{missing, moment};
use crate::domain::Millis;
use crate::sandbox::error::{ApiError, ReasonCode};

/// A query of which each parameter is taken once. An empty value is the same as absent.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// `text` as it stands after the `?`.
    pub(super) fn parse(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes()).filter(|(_, value)| !value.is_empty());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// A text.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(found, _)| found == name)?;
        Some(self.0.remove(place).1)
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// `MissingParameterValue`.
    pub(super) fn required(&mut self, name: &str) -> Result<String, ApiError> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// A moment.
    ///
    /// # Errors
    /// `InvalidParameterValue`.
    pub(super) fn moment(&mut self, name: &str) -> Result<Option<Millis>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        moment(&Value::String(text)).map(Some).ok_or_else(|| invalid(name, "must be of the form yyyyMMddTHHmmssZ"))
    }

    /// Words of a closed set, joined by commas.
    ///
    /// # Errors
    /// `InvalidParameterValue`.
    pub(super) fn words(&mut self, name: &str, known: &[&str]) -> Result<Option<Vec<String>>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let words: Vec<String> = text.split(',').map(|word| word.trim().to_owned()).collect();
        match words.iter().find(|word| !known.contains(&word.as_str())) {
            Some(word) => Err(invalid(name, &format!("has {word:?}, which is none of {}", known.join(", ")))),
            None => Ok(Some(words)),
        }
    }

    /// How many to answer at once: 1 to 100, or 10 where it is not said.
    ///
    /// # Errors
    /// `InvalidParameterValue`.
    pub(super) fn page_size(&mut self) -> Result<usize, ApiError> {
        let Some(text) = self.text("pageSize") else { return Ok(10) };
        let size = text.parse().ok().filter(|size| (1..=100).contains(size));
        size.ok_or_else(|| invalid("pageSize", "must be a number from 1 to 100"))
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// `UnrecognizedField` where something was not taken.
    pub(super) fn done(self) -> Result<(), ApiError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                Err(ApiError::new(ReasonCode::UnrecognizedField, format!("Unrecognized query parameter: {name}")))
            }
        }
    }
}

/// The refusal of a value.
pub(super) fn invalid(name: &str, why: &str) -> ApiError {
    ApiError::new(ReasonCode::InvalidParameterValue, format!("{name} {why}"))
}
