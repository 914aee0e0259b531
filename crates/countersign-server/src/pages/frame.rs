use super::{
    assets::{ICON, SCRIPT, STYLE},
    texts::{ENGLISH, Texts},
};

/// What stands around every page.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) t: &'static Texts,
    pub(super) style: &'static str,
    pub(super) script: &'static str,
    pub(super) icon: &'static str,
    /// The page's place in the navigation.
    pub(super) here: &'static str,
    pub(super) signed_in: bool,
    /// What every form on the page sends back.
    pub(super) token: String,
}

impl Frame {
    pub(super) fn new(here: &'static str, signed_in: bool, token: String) -> Self {
        Self { t: &ENGLISH, style: &STYLE.path, script: &SCRIPT.path, icon: &ICON.path, here, signed_in, token }
    }
}
