use std::fmt;

use crate::DbError;

/// A value bound to a statement or read from a row. Both engines hold these five and no other.
///
/// On PostgreSQL use the types `BIGINT`, `TEXT`, `BYTEA` and `BOOLEAN`; on SQLite `INTEGER`, `TEXT` and `BLOB`, where a
/// boolean is 0 or 1.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// No value.
    Null,
    /// A whole number.
    Int(i64),
    /// Text without NUL.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Yes or no.
    Bool(bool),
}

impl fmt::Debug for Value {
    /// The kind without the content: a row may hold what no log should.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Int(_) => "Int",
            Self::Text(_) => "Text",
            Self::Bytes(_) => "Bytes",
            Self::Bool(_) => "Bool",
        })
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(value: &[u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of an answer. Columns are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(Vec<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// The number in `column`.
    ///
    /// # Errors
    /// [`DbError::Decode`] if there is none.
    pub fn i64(&self, column: usize) -> Result<i64, DbError> {
        self.opt_i64(column)?.ok_or(DbError::Decode { column, wanted: "a number" })
    }

    /// The number in `column`, which must not be negative.
    ///
    /// # Errors
    /// [`DbError::Decode`] if there is none or it is negative.
    pub fn u64(&self, column: usize) -> Result<u64, DbError> {
        u64::try_from(self.i64(column)?).map_err(|_| DbError::Decode { column, wanted: "a number from 0 on" })
    }

    /// The number in `column`, if it has a value.
    ///
    /// # Errors
    /// [`DbError::Decode`] if it is something else.
    pub fn opt_i64(&self, column: usize) -> Result<Option<i64>, DbError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            Some(Value::Int(value)) => Ok(Some(*value)),
            _ => Err(DbError::Decode { column, wanted: "a number" }),
        }
    }

    /// The text in `column`.
    ///
    /// # Errors
    /// [`DbError::Decode`] if there is none.
    pub fn text(&self, column: usize) -> Result<&str, DbError> {
        self.opt_text(column)?.ok_or(DbError::Decode { column, wanted: "text" })
    }

    /// The text in `column`, if it has a value.
    ///
    /// # Errors
    /// [`DbError::Decode`] if it is something else.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, DbError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            Some(Value::Text(value)) => Ok(Some(value)),
            _ => Err(DbError::Decode { column, wanted: "text" }),
        }
    }

    /// The bytes in `column`.
    ///
    /// # Errors
    /// [`DbError::Decode`] if there are none.
    pub fn bytes(&self, column: usize) -> Result<&[u8], DbError> {
        self.opt_bytes(column)?.ok_or(DbError::Decode { column, wanted: "bytes" })
    }

    /// The bytes in `column`, if it has a value.
    ///
    /// # Errors
    /// [`DbError::Decode`] if it is something else.
    pub fn opt_bytes(&self, column: usize) -> Result<Option<&[u8]>, DbError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            Some(Value::Bytes(value)) => Ok(Some(value)),
            _ => Err(DbError::Decode { column, wanted: "bytes" }),
        }
    }

    /// Exactly `N` bytes in `column`.
    ///
    /// # Errors
    /// [`DbError::Decode`] if there are none or another number of them.
    pub fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], DbError> {
        let wanted = "bytes of the right length";
        self.bytes(column)?.try_into().map_err(|_| DbError::Decode { column, wanted })
    }

    /// The boolean in `column`: on SQLite the number 0 or 1.
    ///
    /// # Errors
    /// [`DbError::Decode`] if there is none.
    pub fn bool(&self, column: usize) -> Result<bool, DbError> {
        self.opt_bool(column)?.ok_or(DbError::Decode { column, wanted: "a boolean" })
    }

    /// The boolean in `column`, if it has a value.
    ///
    /// # Errors
    /// [`DbError::Decode`] if it is something else.
    pub fn opt_bool(&self, column: usize) -> Result<Option<bool>, DbError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(Value::Int(value @ (0 | 1))) => Ok(Some(*value == 1)),
            _ => Err(DbError::Decode { column, wanted: "a boolean" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_getter_gives_its_own_type_and_nothing_else() {
        let row = Row::new(vec![Value::Int(-1), "a".into(), b"b".as_slice().into(), true.into(), Value::Null]);
        assert_eq!(row.i64(0).unwrap(), -1);
        assert!(row.u64(0).is_err());
        assert!(row.bool(0).is_err());
        assert_eq!(row.text(1).unwrap(), "a");
        assert_eq!(row.bytes(2).unwrap(), b"b");
        assert!(row.array::<2>(2).is_err());
        assert!(row.bool(3).unwrap());
        assert!(row.text(4).is_err());
        assert_eq!(row.opt_text(4).unwrap(), None);
        assert!(row.opt_text(0).is_err());
        assert!(matches!(row.i64(5), Err(DbError::Decode { column: 5, .. })));
    }
}
