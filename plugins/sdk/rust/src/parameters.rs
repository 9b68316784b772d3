//! Reading what the operator configured: by name, of the right kind, and nothing left unread.
//!
//! A misspelt parameter that is silently ignored prices wrongly, so every rule names all it knows.

use std::cmp::Ordering;

use crate::decimal::{self, Decimal};
use crate::{Failure, Parameter, ParameterValue, Tier, refuse};

/// One price band with its numbers read: `(previous up_to, up_to]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band<'a> {
    /// The last quantity in the band; none in the last band.
    pub up_to: Option<Decimal>,
    /// Zero or more.
    pub unit_amount: Decimal,
    /// Zero or more.
    pub flat_amount: Decimal,
    /// The same as text, which is cheaper to copy than to write.
    pub tier: &'a Tier,
}

/// The parameters of one charge or regime, with the path that refusals name.
#[derive(Clone, Copy)]
pub struct Parameters<'a> {
    list: &'a [Parameter],
    path: &'a dyn Fn() -> String,
}

impl<'a> Parameters<'a> {
    /// `path` is where in the input the list stands, such as `charges.2.parameters`; it is only asked for a refusal.
    pub fn new(list: &'a [Parameter], path: &'a dyn Fn() -> String) -> Self {
        Self { list, path }
    }

    /// Refuses parameters the rule does not know.
    ///
    /// # Errors
    /// `unknown-parameter`.
    pub fn only(&self, known: &[&str]) -> Result<(), Failure> {
        for parameter in self.list {
            if !known.contains(&parameter.name.as_str()) {
                let mut message = String::from("this model knows ");
                message.push_str(&known.join(", "));
                message.push_str(" and nothing else; remove the parameter or correct its name");
                return Err(self.refuse("unknown-parameter", &message, &parameter.name));
            }
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&'a ParameterValue> {
        let mut found = self.list.iter().filter(|parameter| parameter.name == name);
        found.next().map(|parameter| &parameter.value)
    }

    /// A number of zero or more; none when it is absent.
    ///
    /// # Errors
    /// `wrong-kind`, `not-a-decimal`, `negative`.
    pub fn optional_number(&self, name: &str) -> Result<Option<Decimal>, Failure> {
        match self.find(name) {
            None => Ok(None),
            Some(ParameterValue::Number(text)) => self.not_negative(text, name).map(Some),
            Some(_) => Err(self.refuse("wrong-kind", "give a number", name)),
        }
    }

    /// A number of zero or more.
    ///
    /// # Errors
    /// `missing-parameter`, and those of [`Self::optional_number`].
    pub fn number(&self, name: &str) -> Result<Decimal, Failure> {
        self.optional_number(name)?.ok_or_else(|| self.refuse("missing-parameter", "add this number", name))
    }

    /// A text; none when it is absent.
    ///
    /// # Errors
    /// `wrong-kind`.
    pub fn optional_text(&self, name: &str) -> Result<Option<&'a str>, Failure> {
        match self.find(name) {
            None => Ok(None),
            Some(ParameterValue::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.refuse("wrong-kind", "give a text", name)),
        }
    }

    /// A yes or no; no when it is absent.
    ///
    /// # Errors
    /// `wrong-kind`.
    pub fn flag(&self, name: &str) -> Result<bool, Failure> {
        match self.find(name) {
            None => Ok(false),
            Some(ParameterValue::Flag(flag)) => Ok(*flag),
            Some(_) => Err(self.refuse("wrong-kind", "give true or false", name)),
        }
    }

    /// Price bands that rise and end in an open one.
    ///
    /// # Errors
    /// `missing-parameter`, `wrong-kind`, `bad-tiers` and those of a number.
    pub fn bands(&self, name: &str) -> Result<Vec<Band<'a>>, Failure> {
        let tiers = match self.find(name) {
            Some(ParameterValue::Tiers(tiers)) => tiers,
            Some(_) => return Err(self.refuse("wrong-kind", "give a list of tiers", name)),
            None => return Err(self.refuse("missing-parameter", "add the tiers", name)),
        };
        let mut bands: Vec<Band<'a>> = Vec::with_capacity(tiers.len());
        for tier in tiers {
            bands.push(self.band(tier, bands.last(), name)?);
        }
        match bands.last() {
            Some(Band { up_to: None, .. }) => Ok(bands),
            _ => Err(self.refuse("bad-tiers", "end the tiers with one without `up_to`", name)),
        }
    }

    fn band(&self, tier: &'a Tier, previous: Option<&Band<'a>>, name: &str) -> Result<Band<'a>, Failure> {
        let up_to = match &tier.up_to {
            Some(text) => Some(self.not_negative(text, name)?),
            None => None,
        };
        let floor = match previous {
            None => Some(Decimal::ZERO),
            Some(previous) => previous.up_to,
        };
        let rises = match (floor, up_to) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(floor), Some(up_to)) => decimal::compare(up_to, floor).is_ok_and(Ordering::is_gt),
        };
        if !rises {
            let fix = "make each `up_to` larger than the one before, and leave it out in the last tier only";
            return Err(self.refuse("bad-tiers", fix, name));
        }
        Ok(Band {
            up_to,
            unit_amount: self.not_negative(&tier.unit_amount, name)?,
            flat_amount: self.not_negative(&tier.flat_amount, name)?,
            tier,
        })
    }

    fn not_negative(&self, text: &str, name: &str) -> Result<Decimal, Failure> {
        let value = decimal::parse(text).map_err(|e| self.refuse("not-a-decimal", e.message(), name))?;
        if value.is_sign_negative() {
            return Err(self.refuse("negative", "give zero or more", name));
        }
        Ok(value)
    }

    /// A refusal that names one of these parameters.
    pub fn refuse(&self, code: &str, message: &str, name: &str) -> Failure {
        let mut path = (self.path)();
        path.push('.');
        path.push_str(name);
        refuse(code, message, path)
    }
}
