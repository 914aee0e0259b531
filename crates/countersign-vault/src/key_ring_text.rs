use std::{fmt, fmt::Write as _};

use zeroize::Zeroizing;

use crate::{KeyId, KeyRing, MasterKey, VaultError, ring_key::RingKey};

/// A key ring written down, keys and all: wiped on drop, never printed, cloned or serialised.
///
/// ```compile_fail,E0277
/// fn prints<T: std::fmt::Display>() {}
/// prints::<countersign_vault::KeyRingText>();
/// ```
pub struct KeyRingText(Zeroizing<String>);

impl KeyRingText {
    /// The only way to the text.
    #[must_use]
    pub fn expose_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyRingText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRingText([REDACTED])")
    }
}

const HEADER: &str = "countersign-key-ring 1";
/// Longest text that is read, in bytes: a full ring with room for remarks.
pub(crate) const MAX_TEXT_LEN: usize = 16 * 1024;
/// `active`, an id, a key, two spaces and the end of the line.
const LINE_LEN: usize = 6 + 1 + 2 * KeyId::LEN + 1 + 2 * MasterKey::LEN + 1;

pub(crate) fn write(keys: &[RingKey]) -> KeyRingText {
    // Room for all of it at once: a string that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(HEADER.len() + 1 + keys.len() * LINE_LEN));
    text.push_str(HEADER);
    text.push('\n');
    for (at, key) in keys.iter().enumerate() {
        let role = if at == 0 { "active" } else { "older" };
        // Writing to a string does not fail.
        let _ = write!(text, "{role} {} ", key.id());
        let mut hex = Zeroizing::new([0; 2 * MasterKey::LEN]);
        if let Ok(hex) = base16ct::lower::encode_str(key.master().expose_bytes(), hex.as_mut_slice()) {
            text.push_str(hex);
        }
        text.push('\n');
    }
    KeyRingText(text)
}

pub(crate) fn parse(text: &str) -> Result<KeyRing, VaultError> {
    if text.len() > MAX_TEXT_LEN {
        return Err(VaultError::MalformedKeyRing { line: 1, reason: "the text is too long" });
    }
    let mut lines = text
        .split(['\n', ';'])
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let Some((first, header)) = lines.next() else {
        return Err(VaultError::MalformedKeyRing { line: 1, reason: "there is no key" });
    };
    if header != HEADER {
        let key = MasterKey::from_hex(header).map_err(|error| match error {
            VaultError::MalformedKey => VaultError::MalformedKeyRing {
                line: first,
                reason: "neither the first line of a key ring nor 64 hexadecimal digits",
            },
            other => other,
        })?;
        return match lines.next() {
            None => Ok(KeyRing::new(key)),
            Some((line, _)) => Err(VaultError::MalformedKeyRing { line, reason: "a bare key stands alone" }),
        };
    }
    let mut ring: Option<KeyRing> = None;
    for (line, text) in lines {
        let (role, key) = parse_line(line, text)?;
        ring = Some(match (role, ring) {
            ("active", None) => KeyRing::new(key),
            ("older", Some(ring)) => ring.with_older(key)?,
            ("active", Some(_)) => {
                return Err(VaultError::MalformedKeyRing { line, reason: "a second active key" });
            }
            _ => return Err(VaultError::MalformedKeyRing { line, reason: "the active key comes first" }),
        });
    }
    ring.ok_or(VaultError::MalformedKeyRing { line: first, reason: "there is no key" })
}

fn parse_line(line: usize, text: &str) -> Result<(&str, MasterKey), VaultError> {
    let malformed = |reason| VaultError::MalformedKeyRing { line, reason };
    let mut words = text.split_ascii_whitespace();
    let (Some(role @ ("active" | "older")), Some(id), Some(key), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(malformed("a line is `active` or `older`, a key id and a key"));
    };
    let id: KeyId = id.parse().map_err(|_| malformed("the key id is not 16 hexadecimal digits"))?;
    let key = MasterKey::from_hex(key).map_err(|error| match error {
        VaultError::MalformedKey => malformed("the key is not 64 hexadecimal digits"),
        other => other,
    })?;
    // One derivation more than the ring makes itself, at start: cheap, and the key is checked before it is used.
    let key = RingKey::new(key);
    if key.id() != id {
        return Err(malformed("the key does not belong to the id before it"));
    }
    Ok((role, key.into_master()))
}
