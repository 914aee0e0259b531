use countersign_clock::Timestamp;
use countersign_store::UserId;
use countersign_vault::{Context, LookupHash, Purpose, Sealed, Vault};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Error, account::TokenHash, random::Generator, secret_text::SecretText};

/// What lets its bearer answer (a ticket) or be known (a device): 256 random bits and the user they were made for,
/// sealed. Whether it is still good stands in the user's record, under a keyed hash of the random bits.
#[derive(Debug)]
pub(crate) struct BearerToken {
    id: TokenId,
    user: UserId,
}

/// What a token is for. One kind does not open as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Ticket,
    Device,
}

#[derive(Zeroize, ZeroizeOnDrop)]
struct TokenId([u8; 32]);

/// Longer texts than any token can be are not even looked at.
const LONGEST: usize = 1024;

impl BearerToken {
    pub(crate) fn generate(user: &UserId, random: &mut Generator<'_>) -> Result<Self, Error> {
        let mut id = TokenId([0; 32]);
        random.0.fill(&mut id.0).map_err(|_| Error::Randomness)?;
        Ok(Self { id, user: user.clone() })
    }

    /// The token that `text` is, if it was made here.
    pub(crate) fn open(vault: &Vault, kind: TokenKind, text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let sealed: Sealed = text.parse().ok()?;
        let bytes = vault.open(&kind.context(), &sealed).ok()?;
        let (id, user) = bytes.expose_bytes().split_at_checked(32)?;
        Some(Self { id: TokenId(id.try_into().ok()?), user: UserId::new(str::from_utf8(user).ok()?).ok()? })
    }

    pub(crate) fn seal(&self, vault: &Vault, kind: TokenKind, random: &mut Generator<'_>) -> Result<SecretText, Error> {
        let mut bytes = Zeroizing::new(self.id.0.to_vec());
        bytes.extend_from_slice(self.user.as_str().as_bytes());
        let sealed = vault.seal(&kind.context(), &bytes, random).map_err(|_| Error::Seal)?;
        Ok(SecretText::new(sealed.to_string()))
    }

    pub(crate) const fn user(&self) -> &UserId {
        &self.user
    }

    /// What the record keeps of it.
    pub(crate) fn hash(&self, vault: &Vault) -> TokenHash {
        TokenHash::new(vault, &vault.lookup_hash(Purpose::LOOKUP, &self.id.0))
    }

    /// What the record may keep of it, under any key of the ring.
    pub(crate) fn hashes(&self, vault: &Vault) -> Vec<LookupHash> {
        vault.lookup_candidates(Purpose::LOOKUP, &self.id.0)
    }
}

impl TokenKind {
    /// The user is inside the token, so the place it opens in is only its kind.
    const fn context(self) -> Context<'static> {
        match self {
            Self::Ticket => Context::new(Purpose::TICKET, ""),
            Self::Device => Context::new(Purpose::DEVICE, ""),
        }
    }
}

impl std::fmt::Debug for TokenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// A token's text and the hash of it, made together.
pub(crate) struct Issued {
    pub(crate) text: SecretText,
    pub(crate) hash: TokenHash,
}

/// Makes a token of `kind` for `user`.
pub(crate) fn issue(
    vault: &Vault,
    kind: TokenKind,
    user: &UserId,
    random: &mut Generator<'_>,
) -> Result<Issued, Error> {
    let token = BearerToken::generate(user, random)?;
    Ok(Issued { text: token.seal(vault, kind, random)?, hash: token.hash(vault) })
}

/// The moment something that begins now and lasts so long is over.
pub(crate) fn ends(now: Timestamp, lasts: std::time::Duration) -> Timestamp {
    now.saturating_add(lasts)
}
