use countersign::{Answer, Verification};

use crate::{Handle, Problem, Reply, Requester, requester::with_device_cookie};

/// A sign-in that is done.
#[derive(Debug)]
pub struct SignedIn {
    /// What the host gives the client for its session, and the cookie of a known device.
    pub reply: Reply,
    /// Backup codes left after this.
    pub backup_codes_left: usize,
}

/// The second step of a sign-in: answers a ticket and begins a session. With `remember_device` the client becomes a
/// known device.
///
/// # Errors
/// Whatever the engine or the host refuses; nobody is signed in then.
pub async fn second_step(
    handle: &Handle,
    ticket: &str,
    answer: Answer<'_>,
    remember_device: bool,
    requester: &Requester,
) -> Result<SignedIn, Problem> {
    let engine = handle.engine();
    let (proof, backup_codes_left) = match engine.verify(ticket, answer, &requester.client()).await? {
        Verification::Accepted { proof, backup_codes_left } => (proof, backup_codes_left),
        Verification::Refused(refusal) => return Err(refusal.into()),
    };
    let device = if remember_device { engine.remember_device(&proof, &requester.client()).await? } else { None };
    let mut reply = handle.host().begin_session(proof, None, requester).await?;
    if let Some(token) = device {
        reply = with_device_cookie(reply, &token, handle)?;
    }
    Ok(SignedIn { reply, backup_codes_left })
}
