//! The engine without a web framework: set up an authenticator, sign in with a code, and see that it works once.
//!
//! ```text
//! cargo run -p countersign-examples --example engine-only
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error, sync::Arc};

use countersign::{
    Answer, Authority, Beginning, Challenge, Client, Confirmation, Enroller, Generator, History, NewFactor,
    SystemRandom, TwoFactor, Verification,
    clock::{Clock, SystemClock},
    otp::{Secret, Totp, UnixTime},
    store::{MemoryStore, UserId},
    vault::{KeyRing, MasterKey, Vault},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A real host keeps the key in a file of its own, and the records in a database.
    let key = MasterKey::generate(&mut Generator(&SystemRandom))?;
    let engine = TwoFactor::builder()
        .store(Arc::new(MemoryStore::new()))
        .vault(Arc::new(Vault::new(KeyRing::new(key))))
        .issuer("Example")
        .build()?;
    let (user, client) = (UserId::new("user-1")?, Client::default());

    // The host has checked the password. What comes next? A second factor has to be set up first.
    let Challenge::SetupRequired(setup) = engine.after_first_factor(&user, History::Never, &client).await? else {
        return Err("there should be nothing set up".into());
    };
    let ticket = setup.token.expose_str();
    let new = NewFactor { account: "ada@example.com", ..NewFactor::default() };
    let Beginning::Begun(enrolment) = engine.begin_totp(Authority::Ticket(ticket), new, &client).await? else {
        return Err("the set-up should begin".into());
    };
    println!("To be scanned, as a QR code: {}", enrolment.uri.expose_str());

    // Somebody's phone: it has the secret and a clock.
    let phone = Totp::new(Secret::from_base32(enrolment.secret.expose_str())?);
    let now = SystemClock::new().now().ok_or("no clock")?.as_secs();

    // The code that confirms it. The host has written down before that this user has a second factor from now on.
    let code = phone.code_at(UnixTime::from_secs(now)).to_string();
    match engine.confirm(Enroller::Ticket(ticket), None, &code, &client).await? {
        Confirmation::Enabled { backup_codes, .. } => println!("Enabled, with {} backup codes.", backup_codes.len()),
        Confirmation::Refused(refusal) => return Err(refusal.to_string().into()),
    }

    // The next sign-in: the password was right, so there is a ticket; the code is that of the next step.
    let Challenge::Ticket(ticket) = engine.after_first_factor(&user, History::Enrolled, &client).await? else {
        return Err("a second factor should be due".into());
    };
    let code = phone.code_at(UnixTime::from_secs(now + 30)).to_string();
    match engine.verify(ticket.token.expose_str(), Answer::Code(&code), &client).await? {
        // The proof is what a session is begun with. There is no other way to come by one.
        Verification::Accepted { proof, .. } => println!("Signed in: {} by {}.", proof.user(), proof.method()),
        Verification::Refused(refusal) => return Err(refusal.to_string().into()),
    }

    // The same code again, with a new ticket.
    let Challenge::Ticket(ticket) = engine.after_first_factor(&user, History::Enrolled, &client).await? else {
        return Err("a second factor should be due".into());
    };
    match engine.verify(ticket.token.expose_str(), Answer::Code(&code), &client).await? {
        Verification::Accepted { .. } => Err("a code must not work twice".into()),
        Verification::Refused(refusal) => {
            println!("Once more: {refusal}.");
            Ok(())
        }
    }
}
