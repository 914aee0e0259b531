use std::time::Duration;

use countersign::{
    Generator,
    clock::Timestamp,
    store::UserId,
    vault::{Context, Purpose, Sealed},
};
use countersign_axum::Problem;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{cookies::Crumb, visit::Visit};

/// How long a secret waits for the page that shows it.
const WAITS: Duration = Duration::from_secs(60);

#[derive(Serialize, Deserialize)]
struct Waiting<T> {
    until: u64,
    shown: T,
}

/// The `Set-Cookie` that takes a secret, sealed, to the one page that shows it: between the two lies a redirect, so that
/// neither a reload nor the way back sends the form again.
///
/// # Errors
/// 503 if it cannot be sealed.
pub(super) fn send(visit: &Visit, crumb: Crumb, user: &UserId, shown: &impl Serialize) -> Result<String, Problem> {
    let core = &visit.state.core;
    let until = core.ids.now()?.saturating_add(WAITS).as_millis();
    let text =
        zeroize::Zeroizing::new(serde_json::to_vec(&Waiting { until, shown }).map_err(|_| Problem::internal_error())?);
    let context = Context::new(purpose(crumb), user.as_str());
    let sealed = core.vault.seal(&context, &text, &mut Generator(core.ids.randomness()));
    Ok(visit.set(crumb, &sealed.map_err(|_| Problem::unavailable())?.to_string(), WAITS))
}

/// What waits for this user, if anything does. Whoever shows it takes the cookie away with the same answer.
#[must_use]
pub(super) fn take<T: DeserializeOwned>(visit: &Visit, crumb: Crumb, user: &UserId) -> Option<T> {
    let core = &visit.state.core;
    let sealed: Sealed = visit.crumb(crumb)?.parse().ok()?;
    let opened = core.vault.open(&Context::new(purpose(crumb), user.as_str()), &sealed).ok()?;
    let waiting: Waiting<T> = serde_json::from_slice(opened.expose_bytes()).ok()?;
    (core.ids.now().ok()? <= Timestamp::from_millis(waiting.until)).then_some(waiting.shown)
}

const fn purpose(crumb: Crumb) -> Purpose {
    match crumb {
        Crumb::Codes => Purpose::new("countersign-server/codes-to-show"),
        _ => Purpose::new("countersign-server/enrolment-to-show"),
    }
}
