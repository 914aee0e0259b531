use std::fmt;

use countersign_backup_codes::{CodeSet, Digest, Digester};
use countersign_clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Error;

/// The backup codes that are left.
///
/// They are half of a record, and few answers are backup codes: so they stay as they are stored until one is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupSet {
    codes: Box<RawValue>,
    /// How many of them are not used up.
    left: usize,
    pub(crate) generated_at: Timestamp,
}

impl BackupSet {
    pub(crate) fn new(codes: &CodeSet, generated_at: Timestamp) -> Result<Self, Error> {
        let text = serde_json::value::to_raw_value(codes).map_err(|_| Error::Unreadable)?;
        Ok(Self { codes: text, left: codes.remaining(), generated_at })
    }

    pub(crate) const fn left(&self) -> usize {
        self.left
    }

    pub(crate) fn digester(&self) -> Result<Digester, Error> {
        Ok(self.codes()?.digester())
    }

    /// Uses up the code that the digest was made from; false if it is none of these.
    pub(crate) fn burn(&mut self, digest: &Digest) -> Result<bool, Error> {
        let mut codes = self.codes()?;
        let burnt = codes.burn(digest);
        if burnt {
            *self = Self::new(&codes, self.generated_at)?;
        }
        Ok(burnt)
    }

    /// A set that does not read, or has another number of codes than is said beside it, refuses.
    fn codes(&self) -> Result<CodeSet, Error> {
        let codes: CodeSet = serde_json::from_str(self.codes.get()).map_err(|_| Error::Unreadable)?;
        if codes.remaining() == self.left { Ok(codes) } else { Err(Error::Unreadable) }
    }
}

impl fmt::Debug for BackupSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupSet")
            .field("left", &self.left)
            .field("generated_at", &self.generated_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use countersign_backup_codes::{BackupCodes, Kdf, Settings, Workspace};

    use super::*;
    use crate::{Generator, SystemRandom};

    #[test]
    fn a_set_is_written_as_it_was_read_and_says_how_many_are_left() {
        let settings = Settings::new().kdf(Kdf::danger_parse("$argon2id$v=19$m=8,t=1,p=1").unwrap());
        let mut workspace = Workspace::default();
        let (codes, set) = BackupCodes::generate(&settings, &mut workspace, &mut Generator(&SystemRandom)).unwrap();
        let text = serde_json::to_string(&BackupSet::new(&set, Timestamp::from_secs(5)).unwrap()).unwrap();
        let mut read: BackupSet = serde_json::from_str(&text).unwrap();
        assert_eq!((serde_json::to_string(&read).unwrap(), read.left()), (text.clone(), 10));

        let digest = read.digester().unwrap().digest(codes[3].expose_str(), &mut workspace).unwrap();
        assert!(read.burn(&digest).unwrap());
        assert_eq!((read.left(), read.generated_at), (9, Timestamp::from_secs(5)));
        assert!(!read.burn(&digest).unwrap());
        assert!(!format!("{read:?}").contains("argon2"));

        let lies: BackupSet = serde_json::from_str(&text.replace(r#""left":10"#, r#""left":9"#)).unwrap();
        assert!(matches!(lies.digester(), Err(Error::Unreadable)));
        let broken: BackupSet = serde_json::from_str(&text.replace("slots", "slits")).unwrap();
        assert!(matches!(broken.digester(), Err(Error::Unreadable)));
    }
}
