use std::borrow::Cow;

use base64ct::{Base64Unpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::{
    BackupCodesError, CodeSet, Kdf, SetId, Settings, Spelling, code_set::Slots, imported::Imported, own::Own,
    pepper::Pepper, settings,
};

/// How a set is stored: either with `kdf` and `characters`, or, if it is another system's, with `spelling`. The format
/// number comes first, so that another form can follow.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form<'a, Slot> {
    format: u8,
    id: SetId,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    kdf: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    characters: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pepper: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spelling: Option<Spelling>,
    slots: Vec<Option<Slot>>,
}

/// A text that is not copied where it need not be: a set is read with every answer of its user.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A hash on its way out, in Base64: a set is written with every answer of its user.
struct Hash<'a>(&'a [u8; HASH_LEN]);

const FORMAT: u8 = 1;
const HASH_LEN: usize = 32;
const HASH_TEXT_LEN: usize = (HASH_LEN * 4).div_ceil(3);

impl Serialize for CodeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (format, id) = (FORMAT, self.id);
        match &self.slots {
            Slots::Own(own) => Form {
                format,
                id,
                kdf: Some(Text(own.kdf.to_string().into())),
                characters: Some(own.characters),
                pepper: own.pepper_id.as_deref().map(|id| Text(id.into())),
                spelling: None,
                slots: own.slots.iter().map(|slot| slot.as_ref().map(Hash)).collect(),
            }
            .serialize(serializer),
            Slots::Imported(imported) => Form {
                format,
                id,
                kdf: None,
                characters: None,
                pepper: None,
                spelling: Some(*imported.spelling()),
                slots: imported.texts().into_iter().map(Some).collect(),
            }
            .serialize(serializer),
        }
    }
}

impl Serialize for Hash<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; HASH_TEXT_LEN];
        serializer.serialize_str(Base64Unpadded::encode(self.0, &mut text).map_err(ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for CodeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Form::<Text<'_>>::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
    }
}

impl TryFrom<Form<'_, Text<'_>>> for CodeSet {
    type Error = BackupCodesError;

    fn try_from(form: Form<'_, Text<'_>>) -> Result<Self, BackupCodesError> {
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
                pepper.as_ref().map_or(Ok(()), |Text(id)| Pepper::check_id(id))?;
                let slots = form.slots.iter().map(|slot| slot.as_ref().map(|Text(text)| hash(text)).transpose());
                let slots = slots.collect::<Result<_, _>>()?;
                let kdf = Kdf::danger_parse(&kdf.0)?;
                let pepper_id = pepper.map(|Text(id)| id.into_owned());
                Slots::Own(Own { characters, kdf, pepper_id, slots })
            }
            (None, None, None, Some(spelling)) => {
                let texts = form.slots.iter().map(|slot| slot.as_ref().map(|Text(text)| &**text).ok_or(UNKNOWN));
                let texts = texts.collect::<Result<Vec<_>, _>>()?;
                Slots::Imported(Imported::parse(&texts, spelling)?)
            }
            _ => return Err(UNKNOWN),
        };
        Ok(Self { id: form.id, slots })
    }
}

fn hash(text: &str) -> Result<[u8; HASH_LEN], BackupCodesError> {
    let mut bytes = [0; HASH_LEN];
    match Base64Unpadded::decode(text, &mut bytes) {
        Ok(decoded) if decoded.len() == HASH_LEN => Ok(bytes),
        _ => Err(BackupCodesError::Stored("digest of a code")),
    }
}
