use std::sync::Arc;

use countersign_sqlx::SqlStore;
use countersign_store::conformance::Subject;

async fn fresh() -> Subject {
    let [one, two] = super::two_databases().await;
    Subject::new(Arc::new(SqlStore::new(one))).and(Arc::new(SqlStore::new(two)))
}

countersign_store::conformance_tests!(fresh());
