use crate::{Row, Value};

/// One SQL statement with its values: data, so that it can wait in a queue and share a commit with others.
///
/// The text is a constant; values are bound, never written into it. Parameters are `$1`, `$2`, … on both engines.
///
/// ```
/// use countersign_sqlx::Statement;
///
/// let statement = Statement::new("UPDATE sessions SET epoch = $2 WHERE id = $1 AND epoch < $2")
///     .bind(b"id".as_slice())
///     .bind(7_i64)
///     .expect_rows(1);
/// ```
#[derive(Clone, Debug)]
pub struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) values: Vec<Value>,
    pub(crate) expected: Option<u64>,
}

impl Statement {
    /// The statement `sql`, with no value bound yet.
    #[must_use]
    pub const fn new(sql: &'static str) -> Self {
        Self { sql, values: Vec::new(), expected: None }
    }

    /// Binds the next parameter.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Guards the batch: unless this statement gives or changes exactly `rows` rows, nothing of the batch is done.
    #[must_use]
    pub const fn expect_rows(mut self, rows: u64) -> Self {
        self.expected = Some(rows);
        self
    }

    pub(crate) fn is_met_by(&self, outcome: &Outcome) -> bool {
        self.expected.is_none_or(|rows| rows == outcome.affected)
    }
}

/// What became of a batch.
#[must_use = "only `Done` was written"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// All of it is durable: what each statement did, in order.
    Done(Vec<Outcome>),
    /// A guard was not met, and nothing was changed.
    Guard {
        /// Which statement of the batch, from 0.
        index: usize,
        /// How many rows it gave or would have changed.
        affected: u64,
    },
}

impl Written {
    /// What each statement did, or `None` if a guard was not met.
    #[must_use]
    pub fn done(self) -> Option<Vec<Outcome>> {
        match self {
            Self::Done(outcomes) => Some(outcomes),
            Self::Guard { .. } => None,
        }
    }

    /// Whether the batch was written.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// What one statement did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How many rows it returned, if it returns rows (`SELECT`, `RETURNING`); else how many it changed.
    pub affected: u64,
    /// The rows it returned.
    pub rows: Vec<Row>,
}
