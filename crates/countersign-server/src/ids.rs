use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding};
use countersign::{
    Randomness,
    clock::{Clock, Timestamp},
};
use countersign_axum::Problem;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Makes names and secrets, from the clock and the generator that the server was started with.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl Ids {
    /// Ids of this clock and generator.
    #[must_use]
    pub(crate) fn new(clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { clock, randomness }
    }

    /// Now.
    ///
    /// # Errors
    /// 503 if the time is not known.
    pub(crate) fn now(&self) -> Result<Timestamp, Problem> {
        self.clock.now().ok_or_else(Problem::unavailable)
    }

    /// What the secrets are made from.
    pub(crate) fn randomness(&self) -> &dyn Randomness {
        &*self.randomness
    }

    /// A new name: a UUID of version 7 (RFC 9562), which begins with the time.
    ///
    /// # Errors
    /// 503 if there is no time or no randomness.
    pub(crate) fn uuid(&self) -> Result<Uuid, Problem> {
        let mut random = [0; 10];
        self.randomness.fill(&mut random).map_err(|_| Problem::unavailable())?;
        Ok(uuid::Builder::from_unix_timestamp_millis(self.now()?.as_millis(), &random).into_uuid())
    }

    /// A new secret: 256 random bits in URL-safe Base64.
    ///
    /// # Errors
    /// 503 if there is no randomness.
    pub(crate) fn secret(&self) -> Result<Zeroizing<String>, Problem> {
        let mut random = Zeroizing::new([0; 32]);
        self.randomness.fill(random.as_mut_slice()).map_err(|_| Problem::unavailable())?;
        Ok(Zeroizing::new(Base64UrlUnpadded::encode_string(random.as_slice())))
    }
}

/// Whether this could be an id given out here: nothing else goes to the database.
#[must_use]
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}
