use std::{io, net::SocketAddr, path::Path};

use crate::settings::PublicUrl;

/// What the server says when it is ready.
#[derive(Debug)]
pub(crate) struct Greeting<'a> {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Whether it speaks TLS there.
    pub(crate) https: bool,
    /// Where clients reach it.
    pub(crate) public_url: &'a PublicUrl,
    /// The key file, if this start made it.
    pub(crate) new_key_file: Option<&'a Path>,
}

impl Greeting<'_> {
    /// Says it.
    ///
    /// # Errors
    /// When nobody can be told.
    pub(crate) fn say(&self, out: &mut impl io::Write) -> io::Result<()> {
        let listens = PublicUrl::of(self.address, self.https);
        writeln!(out, "countersign-server {} listens on {}", env!("CARGO_PKG_VERSION"), listens.as_str())?;
        if self.public_url.as_str() != listens.as_str() {
            writeln!(out, "Clients reach it at {}", self.public_url.as_str())?;
        }
        if let Some(file) = self.new_key_file {
            writeln!(out)?;
            writeln!(out, "A new key ring was made: {}", file.display())?;
            writeln!(
                out,
                "Back it up, apart from the database: whoever has both can read the second factors, and without it nobody can."
            )?;
            writeln!(out)?;
            writeln!(
                out,
                "What to do next: open {} in a browser. Or make an account by hand,",
                self.public_url.as_str()
            )?;
            writeln!(
                out,
                "  curl -s {}/api/v1/auth/register -H 'content-type: application/json' \\\n       -d '{{\"email\":\"ada@example.com\",\"password\":\"a quiet sentence of mine\"}}'",
                self.public_url.as_str()
            )?;
            writeln!(out, "and read on at {}/docs", self.public_url.as_str())?;
        }
        out.flush()
    }
}
