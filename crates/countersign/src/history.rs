/// Whether an account ever had a second factor, as the host remembers it **with the account**, apart from the record.
///
/// This is what makes a vanished record refuse: for an account that once had a second factor, "there is no record" can
/// never mean "no second factor is due".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// No second factor was ever confirmed, nor its confirmation begun, for this account.
    Never,
    /// There once was one. A host sets this before it first calls [`TwoFactor::confirm`], and never takes it back.
    ///
    /// [`TwoFactor::confirm`]: crate::TwoFactor::confirm
    Enrolled,
}
