use std::sync::Arc;

use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use rustls::ServerConfig;

use crate::{
    run_error::RunError,
    settings::{BadSetting, TlsFiles},
};

/// Speaks TLS 1.2 and 1.3 with the certificate in these files.
///
/// # Errors
/// [`RunError::Setting`] if the files cannot be read, or do not fit together.
pub(crate) async fn acceptor(files: &TlsFiles) -> Result<RustlsAcceptor, RunError> {
    // The provider of the whole process; if there is one already, that one stays.
    drop(rustls::crypto::ring::default_provider().install_default());
    let config = RustlsConfig::from_pem_file(&files.certificate, &files.key).await;
    let config = config.map_err(|error| {
        BadSetting::new(
            "COUNTERSIGN_TLS_CERT",
            format!("and COUNTERSIGN_TLS_KEY name no usable certificate and key: {error}"),
        )
    })?;
    // What is spoken here, and nothing else: whoever would speak HTTP/2 is told so in the handshake.
    let mut spoken = ServerConfig::clone(&config.get_inner());
    spoken.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsAcceptor::new(RustlsConfig::from_config(Arc::new(spoken))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_that_are_not_there_are_a_bad_setting() {
        let place = tempfile::tempdir().unwrap();
        let files = TlsFiles { certificate: place.path().join("chain.pem"), key: place.path().join("key.pem") };
        let Err(error) = acceptor(&files).await else { panic!("it was taken") };
        assert_eq!(error.exit_code(), 2);
        assert!(error.sentence().starts_with("COUNTERSIGN_TLS_CERT and COUNTERSIGN_TLS_KEY "), "{}", error.sentence());
    }
}
