use std::borrow::Cow;

use base64ct::{Base64Unpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    BackupCodesError, CodeSet, Kdf, SetId, Settings, Spelling, code_set::Slots, imported::Imported, own::Own,
    pepper::Pepper, settings,
};

/// How a set is stored: either with `kdf` and `characters`, or, if it is another system's, with `spelling`. The format
/// number comes first, so that another form can follow.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form<'a> {
    format: u8,
    id: SetId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kdf: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    characters: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pepper: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spelling: Option<Spelling>,
    slots: Vec<Option<String>>,
}

const FORMAT: u8 = 1;

impl Serialize for CodeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (format, id) = (FORMAT, self.id);
        match &self.slots {
            Slots::Own(own) => Form {
                format,
                id,
                kdf: Some(own.kdf.to_string().into()),
                characters: Some(own.characters),
                pepper: own.pepper_id.as_deref().map(Cow::Borrowed),
                spelling: None,
                slots: own.slots.iter().map(|slot| slot.map(|hash| Base64Unpadded::encode_string(&hash))).collect(),
            },
            Slots::Imported(imported) => Form {
                format,
                id,
                kdf: None,
                characters: None,
                pepper: None,
                spelling: Some(*imported.spelling()),
                slots: imported.texts().into_iter().map(Some).collect(),
            },
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
        const UNKNOWN: BackupCodesError = BackupCodesError::Stored("set of codes");
        if form.format != FORMAT {
            return Err(UNKNOWN);
        }
        let slots = match (form.kdf, form.characters, form.pepper, form.spelling) {
            (Some(kdf), Some(characters), pepper, None) => {
                settings::check_characters(characters)?;
                if !(1..=Settings::MAX_COUNT).contains(&form.slots.len()) {
                    return Err(BackupCodesError::OutOfRange("a set has 16 codes at most"));
                }
                pepper.as_deref().map_or(Ok(()), Pepper::check_id)?;
                let slots =
                    form.slots.iter().map(|slot| slot.as_deref().map(hash).transpose()).collect::<Result<_, _>>()?;
                let (kdf, pepper_id) = (Kdf::danger_parse(&kdf)?, pepper.map(Cow::into_owned));
                Slots::Own(Own { characters, kdf, pepper_id, slots })
            }
            (None, None, None, Some(spelling)) => {
                let texts =
                    form.slots.iter().map(|slot| slot.as_deref().ok_or(UNKNOWN)).collect::<Result<Vec<_>, _>>()?;
                Slots::Imported(Imported::parse(&texts, spelling)?)
            }
            _ => return Err(UNKNOWN),
        };
        Ok(Self { id: form.id, slots })
    }
}

fn hash(text: &str) -> Result<[u8; 32], BackupCodesError> {
    let mut bytes = [0; 32];
    match Base64Unpadded::decode(text, &mut bytes) {
        Ok(decoded) if decoded.len() == 32 => Ok(bytes),
        _ => Err(BackupCodesError::Stored("digest of a code")),
    }
}
