//! Which currencies exist and how many digits their minor unit has.
//!
//! The table is ISO 4217 as the `iso_currency` crate carries it; no other table may be used.
//! Formatting for readers (symbols, grouping) does not belong here.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

/// A currency of ISO 4217 that has a minor unit and therefore can be invoiced in.
///
/// Ordered by its code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: &'static str,
    exponent: u32,
}

impl Currency {
    /// The currency with this upper-case code, if new prices may be set in it.
    ///
    /// `None` for unknown codes, for metals and units of account without a minor unit, and for
    /// currencies that another one has replaced.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        find(&CURRENT, code)
    }

    /// The currency with this code, replaced ones included: for reading rows of the past.
    #[must_use]
    pub fn from_stored(code: &str) -> Option<Self> {
        Self::from_code(code).or_else(|| find(&REPLACED, code))
    }

    /// The three upper-case letters, for example `USD`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// The number of fraction digits of the minor unit: 2 for USD, 0 for JPY, 3 for KWD.
    #[must_use]
    pub const fn exponent(self) -> u32 {
        self.exponent
    }

    /// Every currency that new prices may be set in, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        CURRENT.iter().copied()
    }
}

/// ISO 4217 keeps VES beside VED although the table calls it replaced; prices are set in it.
const STILL_CURRENT: [&str; 1] = ["VES"];

/// The table has no iterator of its own; ISO numbers are below a thousand, so all are asked for.
static TABLE: LazyLock<Vec<iso_currency::Currency>> =
    LazyLock::new(|| (0..1000).filter_map(iso_currency::Currency::from_numeric).collect());
static CURRENT: LazyLock<Vec<Currency>> = LazyLock::new(|| select(false));
static REPLACED: LazyLock<Vec<Currency>> = LazyLock::new(|| select(true));

fn select(replaced: bool) -> Vec<Currency> {
    let mut chosen: Vec<Currency> = TABLE
        .iter()
        .filter(|iso| is_replaced(iso) == replaced)
        .filter_map(|iso| {
            let exponent = iso.exponent().map(u32::from)?;
            Some(Currency { code: iso.code(), exponent })
        })
        .collect();
    chosen.sort_unstable();
    chosen
}

fn is_replaced(iso: &iso_currency::Currency) -> bool {
    iso.is_superseded().is_some() && !STILL_CURRENT.contains(&iso.code())
}

fn find(table: &[Currency], code: &str) -> Option<Currency> {
    let place = table.binary_search_by(|known| known.code.cmp(code)).ok()?;
    table.get(place).copied()
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

/// A code that no price can be set in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCurrency;

impl fmt::Display for UnknownCurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a current ISO 4217 currency with a minor unit; use a code such as \"USD\"")
    }
}

impl std::error::Error for UnknownCurrency {}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        Self::from_code(code).ok_or(UnknownCurrency)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn exponents_follow_iso() {
        let table: [(u32, &[&str]); 4] = [
            (
                0,
                &[
                    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
                    "XOF", "XPF",
                ],
            ),
            (2, &["USD", "EUR", "INR", "HUF", "MGA", "MRU", "TWD", "XCG", "ZWG", "SLE", "VED", "VES"]),
            (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
            (4, &["CLF", "UYW"]),
        ];
        for (exponent, codes) in table {
            for code in codes {
                let currency = Currency::from_code(code).unwrap();
                assert_eq!((currency.exponent(), currency.code()), (exponent, *code));
            }
        }
    }

    #[test]
    fn refused_codes() {
        for code in [
            "", "usd", "US", "USDX", "AAA", "XAU", "XAG", "XDR", "XXX", "XTS", "BGN", "HRK", "ZWL", "CUC", "SLL", "ANG",
        ] {
            assert_eq!(code.parse::<Currency>(), Err(UnknownCurrency), "{code}");
        }
        assert_eq!(Currency::from_stored("BGN").unwrap().exponent(), 2);
        assert_eq!(Currency::from_stored("USD"), Currency::from_code("USD"));
        assert_eq!(Currency::from_stored("XAU"), None);
    }

    #[test]
    fn the_list_is_whole_and_sorted() {
        let all: Vec<Currency> = Currency::all().collect();
        assert!(all.len() > 150, "{}", all.len());
        assert!(all.is_sorted() && all.windows(2).all(|pair| pair[0] != pair[1]));
        // Asking by number must have found every code there is.
        let mut by_code = 0;
        for a in b'A'..=b'Z' {
            for b in b'A'..=b'Z' {
                for c in b'A'..=b'Z' {
                    let code = String::from_utf8(vec![a, b, c]).unwrap();
                    by_code += usize::from(iso_currency::Currency::from_code(&code).is_some());
                }
            }
        }
        assert_eq!(by_code, TABLE.len());
    }
}
