use zeroize::Zeroizing;

use crate::{
    BackupCodesError, Derived, Digest, Kdf, SetId, Settings, Workspace,
    alphabet::{self, Typed},
    digest::Found,
    imported::Imported,
    pepper::Pepper,
};

/// Makes the digests for one set of codes, without the set: so that the slow part runs where slow things run.
#[derive(Debug)]
pub struct Digester {
    set: SetId,
    kind: Kind,
    pepper: Option<Pepper>,
}

#[derive(Debug)]
enum Kind {
    Own { characters: usize, kdf: Kdf, pepper_id: Option<String> },
    Imported(Imported),
}

impl Digester {
    pub(crate) const fn new(set: SetId, characters: usize, kdf: Kdf, pepper_id: Option<String>) -> Self {
        Self { set, kind: Kind::Own { characters, kdf, pepper_id }, pepper: None }
    }

    pub(crate) const fn imported(set: SetId, salts: Imported) -> Self {
        Self { set, kind: Kind::Imported(salts), pepper: None }
    }

    /// A digester for a user who has no codes: it takes the same input and costs the same, and what it gives matches no
    /// set.
    #[must_use]
    pub const fn decoy(settings: &Settings) -> Self {
        Self::new(SetId::decoy(), settings.characters, settings.kdf, None)
    }

    /// The same with the key that the set was made with, see [`pepper_id`](Self::pepper_id).
    #[must_use]
    pub fn with_pepper(mut self, key: &[u8; 32]) -> Self {
        self.pepper = Some(Pepper::new(key));
        self
    }

    /// The id of the key that the set was made with, if it was made with one.
    #[must_use]
    pub fn pepper_id(&self) -> Option<&str> {
        match &self.kind {
            Kind::Own { pepper_id, .. } => pepper_id.as_deref(),
            Kind::Imported(_) => None,
        }
    }

    /// Whether the input has the form of a code of this set. Quick: what has not is wrong, whatever the set holds.
    ///
    /// Case, spaces and dashes do not matter, `O` is `0`, `I` and `L` are `1`. A set of another system has its own
    /// [`Spelling`](crate::Spelling).
    #[must_use]
    pub fn looks_like_code(&self, input: &str) -> bool {
        match &self.kind {
            Kind::Own { characters, .. } => normalise(input, *characters).is_some(),
            Kind::Imported(imported) => imported.spelling().apply(input).is_some(),
        }
    }

    /// What the input comes to for this set. Slow: exactly one slow hash, however many codes are left; for a set of
    /// another system, one for each code that it ever had.
    ///
    /// # Errors
    /// [`BackupCodesError::Malformed`], before the slow hash, if it does not [look like a code](Self::looks_like_code);
    /// [`BackupCodesError::PepperMissing`] if the set was made with a pepper and none was handed in;
    /// [`BackupCodesError::OutOfMemory`].
    pub fn digest(&self, input: &str, memory: &mut Workspace) -> Result<Digest, BackupCodesError> {
        let found = match &self.kind {
            Kind::Own { characters, kdf, pepper_id } => {
                let code = normalise(input, *characters).ok_or(BackupCodesError::Malformed)?;
                let pepper = match (pepper_id, &self.pepper) {
                    (Some(_), None) => return Err(BackupCodesError::PepperMissing),
                    (Some(_), Some(pepper)) => Some(pepper),
                    // A pepper that the set was not made with is left out: it would make every code wrong.
                    (None, _) => None,
                };
                Found::Hash(digest_of(&self.set, kdf, pepper, &code[..*characters], memory)?)
            }
            Kind::Imported(imported) => {
                let code = imported.spelling().apply(input).ok_or(BackupCodesError::Malformed)?;
                Found::Imported(imported.hash_all(&code)?)
            }
        };
        Ok(Digest { set: self.set, found })
    }
}

/// Longest input that is looked at, in bytes: a code with separators everywhere.
const MAX_INPUT_LEN: usize = 128;

/// The symbols of the input in their one spelling: the first `characters` of the array.
fn normalise(input: &str, characters: usize) -> Option<Zeroizing<[u8; Settings::MAX_CHARACTERS]>> {
    if input.len() > MAX_INPUT_LEN {
        return None;
    }
    let mut code = Zeroizing::new([0; Settings::MAX_CHARACTERS]);
    let mut len = 0;
    for byte in input.bytes() {
        match alphabet::typed(byte) {
            Typed::Symbol(symbol) => {
                *code.get_mut(len)? = symbol;
                len += 1;
            }
            Typed::Separator => {}
            Typed::Foreign => return None,
        }
    }
    (len == characters).then_some(code)
}

/// The digest of a code in its one spelling: the slow hash with the set's id as salt, then the pepper.
pub(crate) fn digest_of(
    set: &SetId,
    kdf: &Kdf,
    pepper: Option<&Pepper>,
    code: &[u8],
    memory: &mut Workspace,
) -> Result<Derived, BackupCodesError> {
    let mut derived = kdf.derive(memory, code, set.as_bytes())?;
    if let Some(pepper) = pepper {
        pepper.season(&mut derived);
    }
    Ok(derived)
}
