use crate::{Format, KeyId, Purpose};

/// Where a sealed value belongs: its purpose, its user and, if it has one, its factor (or row, or column). The context
/// is not stored with the value; whoever opens it says where it was found, and in any other place it does not open.
///
/// What it cannot show is age: an older value put back in its own place opens. Versions of the record are for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    purpose: Purpose,
    user: &'a str,
    factor: Option<&'a str>,
}

impl<'a> Context<'a> {
    /// A value for `purpose` that belongs to `user`: the id under which the host knows the user, always in the same
    /// spelling.
    #[must_use]
    pub const fn new(purpose: Purpose, user: &'a str) -> Self {
        Self { purpose, user, factor: None }
    }

    /// The same place, within one factor. No factor and the empty factor are two places.
    #[must_use]
    pub const fn factor(mut self, factor: &'a str) -> Self {
        self.factor = Some(factor);
        self
    }

    /// What the value is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Version, key id, purpose, user and factor, each after its length in eight bytes (big endian). A factor that is
    /// not there leaves its field out, so that no two places share an encoding.
    pub(crate) fn associated_data(&self, format: Format, key: &KeyId) -> Vec<u8> {
        let key = key.as_bytes();
        let fields = [format.tag().as_bytes(), key, self.purpose.as_str().as_bytes(), self.user.as_bytes()];
        let factor = self.factor.map(str::as_bytes);
        let len = fields.iter().chain(&factor).map(|field| 8 + field.len()).sum();
        let mut data = Vec::with_capacity(len);
        for field in fields.iter().chain(&factor) {
            data.extend_from_slice(&(field.len() as u64).to_be_bytes());
            data.extend_from_slice(field);
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: KeyId = KeyId::from_bytes([1; 8]);

    fn encoded(context: Context<'_>) -> Vec<u8> {
        context.associated_data(Format::Xaes256Gcm, &KEY)
    }

    #[test]
    fn no_two_places_share_an_encoding() {
        let places = [
            Context::new(Purpose::SECRET, "ab"),
            Context::new(Purpose::SECRET, "ab").factor(""),
            Context::new(Purpose::SECRET, "a").factor("b"),
            Context::new(Purpose::SECRET, "").factor("ab"),
            Context::new(Purpose::SECRET, "a\0\0\0\0\0\0\0\u{1}b"),
            Context::new(Purpose::ADDRESS, "ab"),
        ];
        for (i, one) in places.iter().enumerate() {
            for other in &places[i + 1..] {
                assert_ne!(encoded(*one), encoded(*other), "{one:?} and {other:?}");
            }
        }
    }

    #[test]
    fn the_version_and_the_key_are_part_of_it() {
        let place = Context::new(Purpose::SECRET, "ab");
        assert_ne!(encoded(place), place.associated_data(Format::Aes256Gcm, &KEY));
        assert_ne!(encoded(place), place.associated_data(Format::Xaes256Gcm, &KeyId::from_bytes([2; 8])));
    }
}
