use std::borrow::Cow;

use base64ct::{Base64Unpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{BackupCodesError, CodeSet, Kdf, SetId, Settings, pepper::Pepper, settings};

/// How a set is stored. The format number comes first, so that another form can follow.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form<'a> {
    format: u8,
    id: SetId,
    kdf: Cow<'a, str>,
    characters: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pepper: Option<Cow<'a, str>>,
    slots: Vec<Option<String>>,
}

const FORMAT: u8 = 1;

impl Serialize for CodeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Form {
            format: FORMAT,
            id: self.id,
            kdf: self.kdf.to_string().into(),
            characters: self.characters,
            pepper: self.pepper_id.as_deref().map(Cow::Borrowed),
            slots: self.slots.iter().map(|slot| slot.map(|hash| Base64Unpadded::encode_string(&hash))).collect(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CodeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Form::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
    }
}

impl TryFrom<Form<'_>> for CodeSet {
    type Error = BackupCodesError;

    fn try_from(form: Form<'_>) -> Result<Self, BackupCodesError> {
        if form.format != FORMAT {
            return Err(BackupCodesError::Stored("set of codes of an unknown format"));
        }
        settings::check_characters(form.characters)?;
        if !(1..=Settings::MAX_COUNT).contains(&form.slots.len()) {
            return Err(BackupCodesError::OutOfRange("a set has 16 codes at most"));
        }
        if let Some(id) = &form.pepper {
            Pepper::check_id(id)?;
        }
        let kdf = Kdf::parse_stored(&form.kdf)?;
        let slots = form.slots.iter().map(|slot| slot.as_deref().map(hash).transpose()).collect::<Result<_, _>>()?;
        Ok(Self::new(form.id, form.characters, kdf, form.pepper.map(Cow::into_owned), slots))
    }
}

fn hash(text: &str) -> Result<[u8; 32], BackupCodesError> {
    let mut bytes = [0; 32];
    match Base64Unpadded::decode(text, &mut bytes) {
        Ok(decoded) if decoded.len() == 32 => Ok(bytes),
        _ => Err(BackupCodesError::Stored("digest of a code")),
    }
}
