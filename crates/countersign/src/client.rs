use std::net::IpAddr;

/// Who asks, as far as it is known: written to the audit trail, and the way to a known device's own budget.
#[derive(Clone, Copy, Debug, Default)]
pub struct Client<'a> {
    /// The address of the client, already freed of proxies. Stored only sealed.
    pub address: Option<IpAddr>,
    /// The token that [`remember_device`](crate::TwoFactor::remember_device) gave this client earlier. One that does not
    /// open, has ended or belongs to somebody else counts as none.
    pub device_token: Option<&'a str>,
    /// The request's id, for the audit trail. Longer ones than 64 bytes are cut.
    pub request_id: Option<&'a str>,
}
