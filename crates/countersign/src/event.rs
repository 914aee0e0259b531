use std::fmt;

use serde::Serialize;

use crate::{FactorId, Method, Purpose};

/// What an audit event is about. The names are stable: they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// A right first factor was followed by a ticket.
    ChallengeOpened,
    /// A code was accepted.
    CodeAccepted,
    /// A wrong code was charged.
    CodeRefused,
    /// A code that had been accepted before came again.
    CodeReplayed,
    /// A backup code was accepted and burnt.
    BackupCodeUsed,
    /// A wrong backup code was charged.
    BackupCodeRefused,
    /// Too many failures in too short a time: codes are refused for a while.
    Locked,
    /// Too many failures in a row: codes are refused until a backup code or an admin.
    DisabledByFailures,
    /// A factor was guessed at so often in its life that it answers no more.
    FactorStruckOut,
    /// So many failures of unknown devices in a month that the owner should know.
    RepeatedFailures,
    /// The lock was taken off.
    Unlocked,
    /// A factor is pending.
    EnrolmentBegun,
    /// A wrong code for a pending factor.
    EnrolmentRefused,
    /// A factor came over from another system.
    Imported,
    /// A pending factor is live.
    FactorAdded,
    /// A factor was removed.
    FactorRemoved,
    /// A factor was renamed.
    FactorRenamed,
    /// The owner turned the second factor off.
    TurnedOff,
    /// An admin took all factors away.
    Reset,
    /// The set of backup codes was replaced.
    BackupCodesRegenerated,
    /// A device is known from now on.
    DeviceRemembered,
    /// Known devices were forgotten: all, or all but the one it was asked from.
    DevicesForgotten,
    /// The host has seen a sign-in from a device that the account was not used on before.
    NewDevice,
    /// The host has seen a token come back that had been used up: somebody else has, or had, a session of the account. It
    /// has ended.
    TokenReused,
    /// The host has changed the first factor.
    FirstFactorChanged,
    /// An admin set the day from which on the account must have a second factor.
    RequirementSet,
}

impl EventKind {
    /// The name it is stored under.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChallengeOpened => "challenge_opened",
            Self::CodeAccepted => "code_accepted",
            Self::CodeRefused => "code_refused",
            Self::CodeReplayed => "code_replayed",
            Self::BackupCodeUsed => "backup_code_used",
            Self::BackupCodeRefused => "backup_code_refused",
            Self::Locked => "locked",
            Self::DisabledByFailures => "disabled_by_failures",
            Self::FactorStruckOut => "factor_struck_out",
            Self::RepeatedFailures => "repeated_failures",
            Self::Unlocked => "unlocked",
            Self::EnrolmentBegun => "enrolment_begun",
            Self::EnrolmentRefused => "enrolment_refused",
            Self::Imported => "imported",
            Self::FactorAdded => "factor_added",
            Self::FactorRemoved => "factor_removed",
            Self::FactorRenamed => "factor_renamed",
            Self::TurnedOff => "turned_off",
            Self::Reset => "reset",
            Self::BackupCodesRegenerated => "backup_codes_regenerated",
            Self::DeviceRemembered => "device_remembered",
            Self::DevicesForgotten => "devices_forgotten",
            Self::NewDevice => "new_device",
            Self::TokenReused => "token_reused",
            Self::FirstFactorChanged => "first_factor_changed",
            Self::RequirementSet => "requirement_set",
        }
    }

    /// Whether the account's owner should hear of it (NIST SP 800-63B-4, section 4.6): the second factor has changed,
    /// recovery was used, a limit was reached, or somebody signed in from elsewhere.
    #[must_use]
    pub const fn concerns_owner(self) -> bool {
        match self {
            Self::CodeRefused
            | Self::BackupCodeUsed
            | Self::BackupCodeRefused
            | Self::Locked
            | Self::DisabledByFailures
            | Self::FactorStruckOut
            | Self::RepeatedFailures
            | Self::Unlocked
            | Self::Imported
            | Self::FactorAdded
            | Self::FactorRemoved
            | Self::TurnedOff
            | Self::Reset
            | Self::BackupCodesRegenerated
            | Self::DeviceRemembered
            | Self::DevicesForgotten
            | Self::NewDevice
            | Self::TokenReused
            | Self::FirstFactorChanged => true,
            Self::ChallengeOpened
            | Self::CodeAccepted
            | Self::CodeReplayed
            | Self::EnrolmentBegun
            | Self::EnrolmentRefused
            | Self::FactorRenamed
            | Self::RequirementSet => false,
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is stored beside an event's kind. Never a secret, never a code; the address only sealed.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Detail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) factor: Option<FactorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<Method>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purpose: Option<Purpose>,
    /// Steps that the accepted code lay from the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drift: Option<i8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}
