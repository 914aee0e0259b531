//! What the pages say. Another language is another constant of [`Texts`]; the compiler says what it lacks.

/// One struct with all texts, and one language of it.
macro_rules! texts {
    ($language:ident; $($name:ident: $text:literal,)+; $($function:ident($($argument:ident: $type:ty),+): $body:expr,)+) => {
        /// The texts of the pages in one language.
        #[derive(Debug)]
        pub(super) struct Texts {
            $(pub(super) $name: &'static str,)+
            $(pub(super) $function: fn($($type),+) -> String,)+
        }

        pub(super) const $language: Texts = Texts {
            $($name: $text,)+
            $($function: |$($argument: $type),+| $body,)+
        };
    };
}

texts! {
    ENGLISH;

    language: "en",
    product: "Countersign",
    skip: "Skip to the content",

    // Everywhere.
    email: "E-mail address",
    password: "Password",
    sign_in: "Sign in",
    sign_out: "Sign out",
    register: "Create an account",
    back: "Back",
    continue_on: "Continue",
    copy: "Copy",
    copied: "Copied",
    code: "Code from your authenticator",
    code_hint: "The code that your app shows now. Blanks do not matter.",
    never: "never",
    seconds_left: "Time left",
    wait_over: "You can try again now.",
    show_password: "Show password",
    hide_password: "Hide password",

    // Home.
    home_title: "A password, and a code that only you can see",
    home_lead: "This is the reference server of Countersign. Create an account and see the whole flow: set up an authenticator, keep your backup codes, sign in.",
    home_need: "You need an authenticator app on your phone, and two minutes.",
    home_build: "Building your own?",
    home_api: "All of it is an API, too.",

    // Register.
    register_title: "Create an account",
    register_lead: "Next you will connect an authenticator app, so have your phone at hand.",
    register_lead_optional: "You can add an authenticator app afterwards.",
    register_password_hint: "At least 8 characters. A few words make a good one.",
    register_have: "Have an account already?",

    // Sign in.
    login_title: "Sign in",
    login_new: "New here?",
    login_expired: "That sign-in took too long or was used up. Please start again.",
    login_signed_out: "You are signed out.",
    login_ended: "Your session has ended. Please sign in again.",
    code_title: "Enter your code",
    code_lead: "Open your authenticator app and type the code for Countersign.",
    code_remember: "Remember this device",
    code_remember_hint: "Wrong codes typed elsewhere then never keep you out here. You will still be asked for a code.",
    code_use_backup: "Use a backup code instead",
    backup_title: "Use a backup code",
    backup_lead: "One of the ten codes that you kept when you set up your authenticator. Each is good for one sign-in.",
    backup_field: "Backup code",
    backup_hint: "Capitals and dashes do not matter.",
    backup_use_code: "Use your authenticator instead",
    other_account: "Use another account",

    // Set-up.
    setup_title: "Connect your authenticator",
    setup_lead_required: "An authenticator app is required here. Once it is connected, you are signed in.",
    setup_lead: "Your account stays as it is until you have entered a code below.",
    setup_scan: "Scan this picture",
    setup_scan_hint: "Open an authenticator app on your phone, add an account and point the camera here.",
    setup_qr: "QR code for your authenticator app. The key below says the same.",
    setup_type: "Or type this key",
    setup_open: "Open in an app on this device",
    setup_confirm: "Enter the code it shows",
    setup_submit: "Connect",
    setup_once: "The picture and the key are shown once. If you reload this page, they are gone, and you can ask for new ones.",
    setup_seen_title: "The picture was shown already",
    setup_seen: "It is shown only once. If your app has it, enter its code below. If not, ask for a new one; the old one will not work any more.",
    setup_none: "There is no picture waiting for you, or it has expired. Ask for a new one.",
    setup_again: "Show a new picture",
    setup_cancel: "Leave it as it is",

    // Backup codes.
    codes_title: "Keep your backup codes",
    codes_lead: "If you lose your phone, one of these gets you in. Each works once.",
    codes_once: "They are shown this once. Print them or put them into a password manager before you go on.",
    codes_list: "Your backup codes",
    codes_download: "Download as text",
    codes_file: "countersign-backup-codes.txt",
    codes_print: "Print",
    codes_kept: "I have kept them in a safe place",
    codes_kept_missing: "Please keep the codes first, and tick the box.",
    codes_seen_title: "Your backup codes were shown already",
    codes_seen: "They are shown only once. If you kept them, go on. If not, make new ones: that needs a code from your authenticator, and the old ones stop working.",
    codes_new: "Make new backup codes",
    codes_new_lead: "You will see ten new codes. All older ones stop working at once, and your other sessions end.",

    // Account.
    account_title: "Your account",
    nav_label: "Account",
    nav_overview: "Overview",
    nav_sessions: "Devices",
    nav_activity: "Activity",
    nav_password: "Password",
    two_factor: "Two-factor sign-in",
    state_on: "On",
    state_off: "Off",
    state_locked: "Locked",
    off_lead: "Whoever knows your password gets in. With an authenticator app, nobody does without your phone.",
    on_since: "On since",
    required_here: "It is required here and cannot be turned off.",
    locked_lead: "Too many wrong codes were entered. Until the lock ends, sign in with a backup code.",
    last_login: "Last sign-in",
    turn_on: "Turn on",
    turn_off: "Turn off",
    authenticators: "Authenticators",
    added: "Added",
    last_used: "Last used",
    manage: "Rename or remove",
    struck_out: "Worn out by too many guesses: replace it.",
    add_factor: "Add an authenticator",
    backup_codes: "Backup codes",
    generated: "Made",
    done_backup_code: "You signed in with a backup code. It will not work again.",
    done_password: "Your password is changed. Other sessions have ended.",
    done_renamed: "The authenticator has a new name.",
    done_removed: "The authenticator is removed. Other sessions have ended.",
    done_off: "Two-factor sign-in is off. Other sessions have ended.",
    done_ended: "The session has ended.",
    done_others_ended: "All other sessions have ended.",
    done_forgotten: "The device is forgotten, and its sessions have ended.",
    done_others_forgotten: "All other devices are forgotten, and their sessions have ended.",

    // Changes.
    on_title: "Turn two-factor sign-in on",
    on_lead: "First your password, then a picture to scan with your phone.",
    off_title: "Turn two-factor sign-in off",
    off_warning: "Your authenticators and backup codes stop working, and other sessions end.",
    add_title: "Add an authenticator",
    add_lead: "A second phone, say. Your present authenticator keeps working. You get new backup codes with it.",
    factor_name: "Name",
    factor_name_hint: "What you will know it by: 1 to 64 characters.",
    factor_name_example: "Tablet",
    rename: "Rename",
    remove: "Remove",
    remove_title: "Remove it",
    remove_lead: "Its codes stop working at once, and your other sessions end.",
    remove_last: "It is your only one: removing it turns two-factor sign-in off.",
    remove_last_required: "It is your only one, and two-factor sign-in is required here. Add another one first.",
    code_or_backup: "Code, or a backup code",
    code_or_backup_hint: "From your authenticator. A backup code is used up by this.",

    // Sessions, devices, activity, password.
    sessions_title: "Devices and sessions",
    sessions: "Sessions",
    sessions_lead: "Where you are signed in now.",
    devices: "Devices",
    devices_lead: "Where you have signed in. Forgetting a device ends its sessions.",
    this_one: "This one",
    began: "Began",
    last_seen: "Last seen",
    first_seen: "First seen",
    end: "End",
    end_others: "End all other sessions",
    forget: "Forget",
    forget_others: "Forget all other devices",
    nothing_else: "There is no other.",
    activity_title: "Recent activity",
    activity_lead: "What happened with your second factor, the newest first. If something was not you, change your password.",
    activity_none: "Nothing yet.",
    password_title: "Change your password",
    password_lead: "Your other sessions end.",
    password_current: "Present password",
    password_new: "New password",
    password_submit: "Change password",

    // Refusals.
    problem_title: "That did not work",
    problem_start: "To the start page",
    problem_invalid_email: "This is not an e-mail address that can be used.",
    problem_weak_password: "This password is too easy to guess. It needs at least 8 characters, and must be neither your address nor one of those that anybody tries first.",
    problem_user_exists: "There is an account with this address already. Sign in instead.",
    problem_credentials: "The address or the password is not right.",
    problem_password: "The password is not right.",
    problem_code: "The code is not right, or it was used before. Wait for the next one.",
    problem_backup_code: "This backup code is not right, or it was used before.",
    problem_malformed_code: "That cannot be a code. Please look again.",
    problem_limited: "Too many tries.",
    problem_locked: "Too many wrong codes: codes are not accepted at the moment. A backup code is.",
    problem_code_missing: "Please enter a code.",
    problem_nothing_pending: "The set-up has expired. Ask for a new picture.",
    problem_too_many: "You have as many authenticators as there can be. Remove one first.",
    problem_required: "Two-factor sign-in is required here and cannot be turned off.",
    problem_changed: "Something changed meanwhile. Please try again.",
    problem_name: "A name has 1 to 64 characters.",
    problem_form: "This form was open for too long. Please send it again.",
    problem_cross_origin: "The form came from another site. Open the page here and try again.",
    problem_not_found: "There is no such page, or it is gone.",
    problem_busy: "The server is busy. Please try again in a moment.",
    problem_unavailable: "No answer is possible at the moment. Nothing was changed. Please try again soon.",
    problem_other: "The request could not be carried out.",
    problem_too_large: "That is too long.",

    // Events of the trail.
    event_challenge_opened: "Password accepted, code asked for",
    event_code_accepted: "Code accepted",
    event_code_refused: "Wrong code",
    event_code_replayed: "A used code was entered again",
    event_backup_code_used: "Backup code used",
    event_backup_code_refused: "Wrong backup code",
    event_locked: "Locked for a while after too many wrong codes",
    event_disabled_by_failures: "Locked after too many wrong codes in a row",
    event_factor_struck_out: "An authenticator was worn out by guesses",
    event_repeated_failures: "Many wrong codes from unknown devices this month",
    event_unlocked: "Unlocked",
    event_enrolment_begun: "Set-up of an authenticator begun",
    event_enrolment_refused: "Wrong code during a set-up",
    event_factor_added: "Authenticator added",
    event_factor_removed: "Authenticator removed",
    event_factor_renamed: "Authenticator renamed",
    event_turned_off: "Two-factor sign-in turned off",
    event_reset: "Reset by an administrator",
    event_backup_codes_regenerated: "New backup codes made",
    event_device_remembered: "Device remembered",
    event_devices_forgotten: "Remembered devices forgotten",
    event_token_reused: "A session was used from two places, and has ended",
    event_new_device: "Signed in from a new device",
    event_requirement_set: "An administrator set when a second factor is required",
    event_other: "Something else",
    ;

    attempts_left(left: u32): match left {
        0 => "No tries left for now.".to_owned(),
        1 => "One try left.".to_owned(),
        left => format!("{left} tries left."),
    },
    wait(seconds: u64): match seconds {
        0..=1 => "Try again in a second.".to_owned(),
        2..=90 => format!("Try again in {seconds} seconds."),
        91..=5400 => format!("Try again in {} minutes.", seconds.div_ceil(60)),
        _ => format!("Try again in {} hours.", seconds.div_ceil(3600)),
    },
    codes_left(left: usize): match left {
        0 => "None left".to_owned(),
        1 => "One left".to_owned(),
        left => format!("{left} left"),
    },
    setup_digits(digits: u8): format!("{digits} digits that change every half minute."),
    hint(said: &str): format!("The code is right, but for other settings. {said}."),
}

impl Texts {
    /// What happened, by the stable name of the event.
    #[must_use]
    pub(super) fn event(&self, kind: &str) -> &'static str {
        match kind {
            "challenge_opened" => self.event_challenge_opened,
            "code_accepted" => self.event_code_accepted,
            "code_refused" => self.event_code_refused,
            "code_replayed" => self.event_code_replayed,
            "backup_code_used" => self.event_backup_code_used,
            "backup_code_refused" => self.event_backup_code_refused,
            "locked" => self.event_locked,
            "disabled_by_failures" => self.event_disabled_by_failures,
            "factor_struck_out" => self.event_factor_struck_out,
            "repeated_failures" => self.event_repeated_failures,
            "unlocked" => self.event_unlocked,
            "enrolment_begun" => self.event_enrolment_begun,
            "enrolment_refused" => self.event_enrolment_refused,
            "factor_added" => self.event_factor_added,
            "factor_removed" => self.event_factor_removed,
            "factor_renamed" => self.event_factor_renamed,
            "turned_off" => self.event_turned_off,
            "reset" => self.event_reset,
            "backup_codes_regenerated" => self.event_backup_codes_regenerated,
            "device_remembered" => self.event_device_remembered,
            "devices_forgotten" => self.event_devices_forgotten,
            "token_reused" => self.event_token_reused,
            "new_device" => self.event_new_device,
            "requirement_set" => self.event_requirement_set,
            _ => self.event_other,
        }
    }
}
