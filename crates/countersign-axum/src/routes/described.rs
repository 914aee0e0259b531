//! What the bodies look like, for the description of the API: finer than the types that read them.

use serde::Deserialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, OneOfBuilder, Schema, Type},
    },
};

use super::{
    enrol::{AlgorithmName, Setup},
    manage::Disable,
    sign_in::SecondStep,
};

/// A code of an authenticator.
pub(super) struct Code;

/// A backup code, as it was shown. Case, dashes and look-alikes are forgiven.
pub(super) struct BackupCode;

/// How many digits the codes of a new factor have.
pub(super) struct DigitCount;

/// What a factor is called.
pub(super) struct FactorName;

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let digits = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]{6}([0-9]{2})?$"));
        digits.description(Some("A code of an authenticator. The ASCII space is skipped.")).into()
    }
}

impl ToSchema for Code {}

impl PartialSchema for BackupCode {
    fn schema() -> RefOr<Schema> {
        let groups = "^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$";
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(groups));
        text.description(Some("A backup code. Case, dashes, spaces and look-alikes are forgiven.")).into()
    }
}

impl ToSchema for BackupCode {}

impl PartialSchema for DigitCount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([6, 8])).into()
    }
}

impl ToSchema for DigitCount {}

impl PartialSchema for FactorName {
    fn schema() -> RefOr<Schema> {
        let line = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(64));
        text.pattern(Some(line)).description(Some("1 to 64 characters on one line.")).into()
    }
}

impl ToSchema for FactorName {}

/// The ticket of the first step, and a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a description")]
struct ByCode {
    /// What the first step gave.
    ticket: String,
    #[schema(value_type = Code, inline)]
    code: String,
    /// Whether this client is to become a known device.
    remember_device: Option<bool>,
}

/// The ticket of the first step, and a backup code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a description")]
struct ByBackupCode {
    /// What the first step gave.
    ticket: String,
    #[schema(value_type = BackupCode, inline)]
    backup_code: String,
    /// Whether this client is to become a known device.
    remember_device: Option<bool>,
}

/// A new factor on the word of nobody more than the caller, or of a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a description")]
struct SetupByCode {
    /// A name for the factor.
    #[schema(value_type = Option<FactorName>, inline)]
    name: Option<String>,
    /// Digits of a code.
    #[schema(value_type = Option<DigitCount>, inline)]
    digits: Option<u64>,
    /// The hash under the code.
    #[schema(value_type = Option<AlgorithmName>)]
    algorithm: Option<String>,
    /// The password, where the caller has a session and no live factor.
    password: Option<String>,
    /// A code of the live factor, where there is one.
    #[schema(value_type = Option<Code>, inline)]
    code: Option<String>,
}

/// A new factor on the word of a backup code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a description")]
struct SetupByBackupCode {
    /// A name for the factor.
    #[schema(value_type = Option<FactorName>, inline)]
    name: Option<String>,
    /// Digits of a code.
    #[schema(value_type = Option<DigitCount>, inline)]
    digits: Option<u64>,
    /// The hash under the code.
    #[schema(value_type = Option<AlgorithmName>)]
    algorithm: Option<String>,
    /// A backup code, where there is a live factor.
    #[schema(value_type = BackupCode, inline)]
    backup_code: String,
}

/// The password, where the second factor is to be off afterwards, and a code of an authenticator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a description")]
struct DisableByCode {
    /// The password, where the second factor is to be off afterwards.
    password: Option<String>,
    /// A code of an authenticator.
    #[schema(value_type = Option<Code>, inline)]
    code: Option<String>,
}

/// The password, where the second factor is to be off afterwards, and a backup code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a description")]
struct DisableByBackupCode {
    /// The password, where the second factor is to be off afterwards.
    password: Option<String>,
    #[schema(value_type = BackupCode, inline)]
    backup_code: String,
}

impl PartialSchema for SecondStep {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new().item(ByCode::schema()).item(ByBackupCode::schema()).into()
    }
}

impl ToSchema for SecondStep {}

impl PartialSchema for Setup {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new().item(SetupByCode::schema()).item(SetupByBackupCode::schema()).into()
    }
}

impl ToSchema for Setup {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((AlgorithmName::name().into(), AlgorithmName::schema()));
    }
}

impl PartialSchema for Disable {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new().item(DisableByCode::schema()).item(DisableByBackupCode::schema()).into()
    }
}

impl ToSchema for Disable {}
