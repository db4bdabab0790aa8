//! Reads a JSON object field by field, strictly: what is not read is a field that Amazon does not know.

use serde_json::{Map, Value};
use url::Url;

use crate::domain::Millis;
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::{Amount, AmountError, Currency};
use crate::sandbox::moment::parse_utc;

/// Currencies that Amazon Pay knows (amazon-pay 2.2); of these only the ledger's own is taken.
const CURRENCIES: [&str; 12] = ["AUD", "GBP", "DKK", "EUR", "HKD", "JPY", "NZD", "NOK", "ZAR", "SEK", "CHF", "USD"];

/// A JSON object of which each field is taken once. JSON null is the same as absent.
#[derive(Debug)]
pub(super) struct Fields {
    currency: Currency,
    path: String,
    map: Map<String, Value>,
}

impl Fields {
    /// A whole request body; prices in it are in `currency`.
    ///
    /// # Errors
    /// `InvalidRequestFormat` unless it is a JSON object.
    pub(super) fn of_body(body: &[u8], currency: Currency) -> Result<Self, ApiError> {
        let refuse = |message: String| ApiError::new(ReasonCode::InvalidRequestFormat, message);
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => Ok(Self { currency, path: String::new(), map }),
            Ok(_) => Err(refuse("The body must be a JSON object".to_owned())),
            Err(error) => Err(refuse(format!("The body is not JSON: {error}"))),
        }
    }

    /// A value that is called `path`.
    ///
    /// # Errors
    /// `InvalidParameterValue` unless it is a JSON object.
    pub(super) fn of_value(path: &str, value: Value, currency: Currency) -> Result<Self, ApiError> {
        match value {
            Value::Object(map) => Ok(Self { path: path.to_owned(), map, currency }),
            _ => Err(ApiError::new(ReasonCode::InvalidParameterValue, format!("{path} must be an object"))),
        }
    }

    /// The field's full name, such as `paymentDetails.chargeAmount`.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// In what prices are.
    pub(super) const fn ledger_currency(&self) -> Currency {
        self.currency
    }

    /// The fields that were not taken yet.
    pub(super) fn names(&self) -> Vec<String> {
        self.map.keys().cloned().collect()
    }

    /// Any value.
    pub(super) fn value(&mut self, name: &str) -> Option<Value> {
        self.map.shift_remove(name).filter(|value| !value.is_null())
    }

    /// A string of at most `chars_max` characters, not empty.
    pub(super) fn text(&mut self, name: &str, chars_max: usize) -> Result<Option<String>, ApiError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Err(self.invalid(name, "must not be empty")),
            Some(Value::String(text)) if text.chars().count() > chars_max => {
                Err(self.invalid(name, &format!("must have at most {chars_max} characters")))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.invalid(name, "must be a string")),
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.invalid(name, "must be true or false")),
        }
    }

    /// One of a closed set of words.
    pub(super) fn word<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        spelled: &[&str],
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name, usize::MAX)? else { return Ok(None) };
        let word = parse(&text);
        word.map(Some).ok_or_else(|| self.invalid(name, &format!("must be one of {}", spelled.join(", "))))
    }

    /// An object inside this one.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>, ApiError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Self { currency: self.currency, path: self.path_of(name), map })),
            Some(_) => Err(self.invalid(name, "must be an object")),
        }
    }

    /// A price, `{amount, currencyCode}`, in the ledger's currency.
    pub(super) fn price(&mut self, name: &str) -> Result<Option<Amount>, ApiError> {
        self.price_or(name, ReasonCode::InvalidParameterValue)
    }

    /// A price of more than nothing.
    pub(super) fn charge_price(&mut self, name: &str) -> Result<Option<Amount>, ApiError> {
        match self.price(name)? {
            Some(price) if price.is_zero() => Err(self.invalid(name, "must be more than 0")),
            price => Ok(price),
        }
    }

    /// A price that ends a checkout, of which too much is `TransactionAmountExceeded` (amazon-pay 2.8).
    pub(super) fn final_price(&mut self, name: &str) -> Result<Option<Amount>, ApiError> {
        self.price_or(name, ReasonCode::TransactionAmountExceeded)
    }

    /// The price of a transaction: more than nothing, and where it is more than any transaction may be, the refusal is
    /// `TransactionAmountExceeded` (amazon-pay 2.2, 2.8).
    pub(super) fn transaction_price(&mut self, name: &str) -> Result<Amount, ApiError> {
        match self.price_or(name, ReasonCode::TransactionAmountExceeded)? {
            None => Err(self.missing(name)),
            Some(price) if price.is_zero() => Err(self.invalid(name, "must be more than 0")),
            Some(price) => Ok(price),
        }
    }

    fn price_or(&mut self, name: &str, too_much_code: ReasonCode) -> Result<Option<Amount>, ApiError> {
        let Some(mut price) = self.object(name)? else { return Ok(None) };
        let written = price.value("amount").ok_or_else(|| price.missing("amount"))?;
        // Only the ledger's own currency is taken, so the amount is read as one of it. What is no number in any currency
        // is told first, then another currency, and only then what is wrong in this one.
        let amount = Amount::from_json(&written, price.currency).map_err(|error| {
            let refusal = price.invalid("amount", &error.to_string());
            let too_much = matches!(error, AmountError::TooMuch(_));
            (error, if too_much { ApiError { code: too_much_code, ..refusal } } else { refusal })
        });
        if let Err((AmountError::NotANumber, refusal)) = amount {
            return Err(refusal);
        }
        price.currency("currencyCode")?.ok_or_else(|| price.missing("currencyCode"))?;
        let amount = amount.map_err(|(_, refusal)| refusal)?;
        price.done()?;
        Ok(Some(amount))
    }

    /// A currency code: the ledger's.
    pub(super) fn currency(&mut self, name: &str) -> Result<Option<Currency>, ApiError> {
        let own = self.currency.as_str();
        match self.text(name, 3)? {
            None => Ok(None),
            Some(code) if code == own => Ok(Some(self.currency)),
            Some(code) if !CURRENCIES.contains(&code.as_str()) => Err(self.invalid(name, "is not a currency code")),
            Some(code) => Err(ApiError::new(
                ReasonCode::CurrencyMismatch,
                format!("{} is {code}, but the merchant's ledger is in {own}", self.path_of(name)),
            )),
        }
    }

    /// A moment: `yyyyMMddTHHmmssZ`, or the seconds or milliseconds since 1970 that Node's examples send.
    pub(super) fn moment(&mut self, name: &str) -> Result<Option<Millis>, ApiError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        moment(&value).map(Some).ok_or_else(|| self.invalid(name, "must be of the form yyyyMMddTHHmmssZ"))
    }

    /// A list of 1 to `most` objects, each read by `read`.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        most: usize,
        read: impl Fn(&mut Self) -> Result<T, ApiError>,
    ) -> Result<Vec<T>, ApiError> {
        self.list_if_any(name, most, read)?.ok_or_else(|| self.missing(name))
    }

    /// The same; nothing where there is no list.
    pub(super) fn list_if_any<T>(
        &mut self,
        name: &str,
        most: usize,
        read: impl Fn(&mut Self) -> Result<T, ApiError>,
    ) -> Result<Option<Vec<T>>, ApiError> {
        let members = match self.value(name) {
            None => return Ok(None),
            Some(Value::Array(members)) if (1..=most).contains(&members.len()) => members,
            Some(_) => return Err(self.invalid(name, &format!("must be a list of 1 to {most}"))),
        };
        let mut all = Vec::new();
        for (number, member) in members.into_iter().enumerate() {
            let mut fields = Self::of_value(&format!("{}[{number}]", self.path_of(name)), member, self.currency)?;
            all.push(read(&mut fields)?);
            fields.done()?;
        }
        Ok(Some(all))
    }

    /// Where a browser may be sent: https, or http on this machine (the sandbox's courtesy to developers).
    pub(super) fn url(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        let Some(text) = self.text(name, 2048)? else { return Ok(None) };
        let url = Url::parse(&text).map_err(|_| self.invalid(name, "must be an absolute URL"))?;
        let on_this_machine = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        match url.scheme() {
            "https" => Ok(Some(text)),
            "http" if on_this_machine => Ok(Some(text)),
            _ => Err(self.invalid(name, "must be an https URL")),
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// `UnrecognizedField` where something was not taken.
    pub(super) fn done(self) -> Result<(), ApiError> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(name) => {
                let message = format!("Unrecognized field: {}", self.path_of(name));
                Err(ApiError::new(ReasonCode::UnrecognizedField, message))
            }
        }
    }

    /// The refusal of a value.
    pub(super) fn invalid(&self, name: &str, why: &str) -> ApiError {
        ApiError::new(ReasonCode::InvalidParameterValue, format!("{} {why}", self.path_of(name)))
    }

    /// The refusal where there is none.
    pub(super) fn missing(&self, name: &str) -> ApiError {
        missing(&self.path_of(name))
    }
}

/// The moment that `value` stands for. A number, or a text of digits, counts from 1970: in milliseconds if it is large
/// enough to be one of this century so, else in seconds.
pub(super) fn moment(value: &Value) -> Option<Millis> {
    const MS_MIN: i64 = 100_000_000_000;
    let counted = |number: i64| (number >= 0).then(|| Millis(if number >= MS_MIN { number } else { number * 1000 }));
    match value {
        Value::Number(number) => counted(number.as_i64()?),
        Value::String(text) => match text.parse() {
            Ok(number) => counted(number),
            Err(_) => parse_utc(text),
        },
        _ => None,
    }
}

/// The refusal of a request without the field `path`.
pub(super) fn missing(path: &str) -> ApiError {
    ApiError::new(ReasonCode::MissingParameterValue, format!("{path} is missing"))
}
