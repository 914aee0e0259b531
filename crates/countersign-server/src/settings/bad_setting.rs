/// A setting that cannot be used: one sentence that names it, and never quotes a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} {wrong}.")]
pub(crate) struct BadSetting {
    /// Its name.
    pub(crate) name: &'static str,
    /// What is wrong with it.
    pub(crate) wrong: String,
}

impl BadSetting {
    /// This setting, and what is wrong with it.
    #[must_use]
    pub(crate) fn new(name: &'static str, wrong: impl Into<String>) -> Self {
        Self { name, wrong: wrong.into() }
    }
}
