//! The whole application as a service, on a database of its own, with a clock that is moved by hand.

/// Makes a test of each case, a function of a rig, for SQLite and one for PostgreSQL.
macro_rules! on_both_engines {
    ($($case:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(super::Rig::new().await).await;
                }
            )+
        }

        #[cfg(feature = "postgres")]
        mod on_postgresql {
            use crate::tests::postgres::Postgres;

            $(
                #[tokio::test]
                async fn $case() {
                    let server = Postgres::shared();
                    super::$case(super::Rig::with(&["--database-url", &server.schema().await]).await).await;
                }
            )+
        }
    };
}

mod accounts;
mod admin;
mod connections;
mod cors;
mod cross_site;
mod form;
mod keys;
mod limits;
mod matrix;
mod pages;
mod password;
#[cfg(feature = "postgres")]
mod postgres;
mod retention;
mod rig;
mod rotation;
mod sessions;
mod sweep;
mod tokens;
