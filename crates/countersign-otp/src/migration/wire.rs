//! As much of the protocol buffer encoding as the export needs.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::OtpError;

/// The value of one field.
pub(super) enum Field<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Of a type that the export does not use.
    Other,
}

/// Reads the fields of a message, in order.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// The number and the value of the next field; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Field<'a>)>, OtpError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => self.skip(8)?,
            2 => {
                let len = usize::try_from(self.varint()?).map_err(|_| OtpError::Migration)?;
                Field::Bytes(self.take(len)?)
            }
            5 => self.skip(4)?,
            _ => return Err(OtpError::Migration),
        };
        Ok(Some((tag >> 3, field)))
    }

    fn varint(&mut self) -> Result<u64, OtpError> {
        let mut value = 0_u64;
        for place in 0..10 {
            let [byte] = *self.take(1)? else { return Err(OtpError::Migration) };
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if place == 9 && bits > 1 {
                break;
            }
            value |= bits << (7 * place);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(OtpError::Migration)
    }

    fn skip(&mut self, len: usize) -> Result<Field<'a>, OtpError> {
        self.take(len).map(|_| Field::Other)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], OtpError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(OtpError::Migration)?;
        self.0 = rest;
        Ok(taken)
    }
}

/// Writes the fields of a message; wiped on drop.
pub(super) struct Writer(Zeroizing<Vec<u8>>);

impl Default for Writer {
    /// With room enough for ten entries, so that growing rarely leaves unwiped copies behind.
    fn default() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(4096)))
    }
}

impl Writer {
    pub(super) fn varint(&mut self, number: u64, value: u64) {
        self.raw(number << 3);
        self.raw(value);
    }

    pub(super) fn bytes(&mut self, number: u64, bytes: &[u8]) {
        self.raw(number << 3 | 2);
        self.raw(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn raw(&mut self, mut value: u64) {
        while value > 0x7f {
            let [.., byte] = value.to_be_bytes();
            self.0.push(byte | 0x80);
            value >>= 7;
        }
        let [.., byte] = value.to_be_bytes();
        self.0.push(byte);
    }
}
