use sqlx::{
    Column, Encode, Postgres, Row as _, Type, TypeInfo,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgArguments, PgRow, PgTypeInfo, types::Oid},
    query::Query,
};

use crate::{DbError, Row, Statement, Value};

/// The statement with its values bound, as sqlx takes it.
pub(super) fn bound(statement: &Statement) -> Query<'_, Postgres, PgArguments> {
    statement.values.iter().fold(sqlx::query(statement.sql), |query, value| match value {
        Value::Null => query.bind(Untyped),
        Value::Int(value) => query.bind(value),
        Value::Text(value) => query.bind(value.as_str()),
        Value::Bytes(value) => query.bind(value.as_slice()),
        Value::Bool(value) => query.bind(value),
    })
}

pub(super) fn read(row: &PgRow) -> Result<Row, DbError> {
    let values = row.columns().iter().map(|column| {
        let place = column.ordinal();
        let value = match column.type_info().name() {
            "INT8" => row.try_get::<Option<i64>, _>(place).map(Value::from),
            "INT4" => row.try_get::<Option<i32>, _>(place).map(|value| value.map(i64::from).into()),
            "TEXT" | "VARCHAR" | "NAME" => row.try_get::<Option<String>, _>(place).map(Value::from),
            "BYTEA" => row.try_get::<Option<Vec<u8>>, _>(place).map(Value::from),
            "BOOL" => row.try_get::<Option<bool>, _>(place).map(Value::from),
            _ => return Err(DbError::Decode { column: place, wanted: "of a type that is read here" }),
        };
        value.map_err(|error| DbError::Statement(error.into()))
    });
    values.collect::<Result<_, _>>().map(Row::new)
}

/// A NULL whose type the server finds from where it stands. With a type of ours, the first NULL bound would fix the type
/// of that parameter for as long as the statement stays prepared.
struct Untyped;

impl Type<Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Untyped {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}
