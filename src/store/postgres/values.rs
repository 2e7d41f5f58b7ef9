//! Values on their way to PostgreSQL and back.

use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut};

use super::trouble;
use crate::store::tx::{self, Row, Trouble, Value};

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) if *ty == Type::INT8 => number.to_sql(ty, out),
            Value::Text(text) if *ty == Type::TEXT => tx::storable(text).to_sql(ty, out),
            Value::Bytes(bytes) if *ty == Type::BYTEA => bytes.to_sql(ty, out),
            Value::Float(number) if *ty == Type::FLOAT8 => number.to_sql(ty, out),
            other => Err(format!("{other:?} is given for a {ty}").into()),
        }
    }

    /// Anything may be null; the rest is looked at when it is written.
    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

/// A row of ours; its first columns were taken already.
pub(super) fn row(from: &tokio_postgres::Row, first: usize) -> Result<Row, Trouble> {
    let mut columns = Vec::with_capacity(from.len());
    for (index, column) in from.columns().iter().enumerate().skip(first) {
        let value = match *column.type_() {
            Type::INT8 => from.try_get::<_, Option<i64>>(index).map(Value::from),
            Type::TEXT => from
                .try_get::<_, Option<String>>(index)
                .map(|text| text.map_or(Value::Null, Value::Text)),
            Type::BYTEA => from
                .try_get::<_, Option<Vec<u8>>>(index)
                .map(|bytes| bytes.map_or(Value::Null, Value::Bytes)),
            Type::FLOAT8 => from.try_get::<_, Option<f64>>(index).map(Value::from),
            ref other => return Err(Trouble::Ours(format!("a column of type {other} is read"))),
        };
        columns.push(value.map_err(|error| trouble(&error))?);
    }
    Ok(Row::new(columns))
}

/// One array per column.
pub(super) fn columns(rows: &[Vec<Value>]) -> Vec<Vec<&Value>> {
    let width = rows.first().map_or(0, Vec::len);
    (0..width)
        .map(|at| rows.iter().map(|row| row.get(at).unwrap_or(&Value::Null)).collect())
        .collect()
}

pub(super) fn given<T: ToSql + Sync>(params: &[T]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|param| param as &(dyn ToSql + Sync)).collect()
}
