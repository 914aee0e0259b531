//! The attack cases, one test each, named after its case, against the real server: on one instance with SQLite, and on
//! two instances with one PostgreSQL and one Redis, which are asked in turn. `tests/README.md` says what each shows.

mod case;
mod disclosure;
mod durability;
mod flow;
mod guessing;
mod input;
mod one_time;
mod races;
mod sessions;
mod take_over;

use case::{Case, Rules};
use countersign_tests::deployment::Backend;

/// A test of each case on each deployment. `mandatory` and `optional` say whether the case plays where every account has
/// to have a second factor.
macro_rules! cases {
    ($($rules:ident $room:ident::$name:ident)*) => {
        mod sqlite { use super::*; $(cases!(@test Sqlite $rules $room $name);)* }
        mod postgres_and_redis { use super::*; $(cases!(@test PostgresAndRedis $rules $room $name);)* }
    };
    (@test $backend:ident $rules:ident $room:ident $name:ident) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let case = Case::begin(Backend::$backend, cases!(@$rules)).await;
            $room::$name(&case).await;
            case.end().await;
        }
    };
    (@mandatory) => { Rules::Mandatory };
    (@optional) => { Rules::Optional };
}

cases! {
    mandatory one_time::d_01_totp_replay
    mandatory one_time::d_02_trailing_and_alternating_replay
    mandatory one_time::d_03_backup_code_reuse
    optional  one_time::d_05_cross_surface_replay
    mandatory one_time::d_06_enrolment_code_replay
    mandatory one_time::d_08_tokens_used_twice
    mandatory races::of_fifty_callers_with_one_code_one_is_let_in
    mandatory races::two_hundred_wrong_codes_at_once_get_five_answers
    mandatory races::of_twenty_callers_with_one_backup_code_one_is_let_in

    optional  input::d_10_alias_spellings_of_a_right_code
    mandatory input::d_11_leading_zero
    mandatory input::d_12_hostile_provisioning_parameters
    mandatory input::d_13_json_hygiene

    mandatory flow::d_14_second_factor_without_the_first
    mandatory flow::d_15_riding
    mandatory flow::d_16_user_swap
    mandatory flow::d_17_pending_state_opens_nothing
    optional  flow::d_18_side_doors
    optional  flow::d_19_unconfirmed_enrolment

    optional  take_over::d_20_take_over_by_re_enrolment
    optional  take_over::d_21_disable_with_the_wrong_things
    optional  take_over::d_22_backup_codes_before_the_second_factor
    optional  take_over::d_23_other_sessions_end
    mandatory sessions::d_24_session_fixation
    mandatory sessions::d_25_secret_shown_once
    mandatory sessions::d_26_known_device_token
    mandatory sessions::d_27_cross_site
    mandatory sessions::signing_out_ends_all_of_a_session

    mandatory guessing::d_28_budget
    mandatory durability::d_29_the_count_survives_the_failed_request
    mandatory durability::what_was_counted_stays_counted_through_a_kill
    mandatory durability::what_was_accepted_stays_used_through_a_kill
    mandatory guessing::d_30_alias_keys
    mandatory guessing::d_31_header_rotation
    mandatory guessing::d_32_path_and_method_spelling
    mandatory guessing::d_33_method_switching
    mandatory guessing::d_34_lockout_as_denial_of_service
    mandatory guessing::d_35_the_owner_is_told_at_the_fifth_failure

    optional  disclosure::d_37_enumeration
    mandatory disclosure::d_38_forged_tokens
    mandatory disclosure::d_39_refresh_reuse
    mandatory disclosure::d_40_secrets_in_urls
}
