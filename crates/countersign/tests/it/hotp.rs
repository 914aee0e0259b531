use std::process::Command;

use countersign::{Answer, Authority, Beginning, Confirmation, Enroller, FactorId, NewFactor, Refusal};

use crate::rig::{Rig, accepted, client, is_wrong, policy, refused};

/// A token with a button and a counter. Its codes are made by `oathtool`.
struct Token {
    rig: Rig,
    secret: String,
    factor: FactorId,
}

impl Token {
    /// Enrolled with its first code, counter 0.
    async fn new() -> Self {
        let rig = Rig::new(policy()).await;
        let ticket = rig.setup_ticket().await;
        let new = NewFactor { account: "ada@example.com", ..NewFactor::default() };
        let begun = rig.engine.begin_hotp(Authority::Ticket(&ticket), new, &client()).await.unwrap();
        let Beginning::Begun(enrolment) = begun else { panic!("{begun:?}") };
        assert!(enrolment.uri.expose_str().starts_with("otpauth://hotp/"));
        let secret = enrolment.secret.expose_str().to_owned();
        let code = code(&secret, 0);
        let confirmed = rig.engine.confirm(Enroller::Ticket(&ticket), None, &code, &client()).await.unwrap();
        let Confirmation::Enabled { factor_id: factor, .. } = confirmed else { panic!("{confirmed:?}") };
        Self { rig, secret, factor }
    }

    async fn sign_in(&self, answer: Answer<'_>) -> countersign::Verification {
        let challenge =
            self.rig.engine.after_first_factor(&self.rig.user, countersign::History::Enrolled, &client()).await;
        let countersign::Challenge::Ticket(ticket) = challenge.unwrap() else { panic!("no ticket") };
        assert!(ticket.methods.contains(&countersign::Method::Hotp));
        self.rig.engine.verify(ticket.token.expose_str(), answer, &client()).await.unwrap()
    }

    fn code(&self, counter: u64) -> String {
        code(&self.secret, counter)
    }
}

fn code(secret: &str, counter: u64) -> String {
    let made =
        Command::new("oathtool").args(["--hotp", "--base32", "--counter", &counter.to_string(), secret]).output();
    let made = made.expect("oathtool is installed: scripts/setup.sh test");
    assert!(made.status.success(), "{made:?}");
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn d_07_the_counter_only_grows() {
    let token = Token::new().await;
    let proof = accepted(token.sign_in(Answer::Code(&token.code(4))).await);
    assert_eq!((proof.factor(), proof.method()), (Some(token.factor), countersign::Method::Hotp));
    for counter in [4, 3, 1, 0] {
        assert!(is_wrong(token.sign_in(Answer::Code(&token.code(counter))).await), "counter {counter}");
    }
    let _ = accepted(token.sign_in(Answer::Code(&token.code(5))).await);
}

#[tokio::test]
async fn d_07_one_code_beyond_the_look_ahead_never_moves_it() {
    let token = Token::new().await;
    assert!(is_wrong(token.sign_in(Answer::Code(&token.code(7))).await));
    assert!(is_wrong(token.sign_in(Answer::Code(&token.code(51))).await));
    assert!(is_wrong(token.sign_in(Answer::Code(&token.code(52))).await));
    let _ = accepted(token.sign_in(Answer::Code(&token.code(6))).await);
}

#[tokio::test]
async fn d_07_two_codes_in_a_row_find_a_lost_token_once() {
    let token = Token::new().await;
    let (first, second) = (token.code(50), token.code(51));
    let skipped = token.code(53);
    assert!(is_wrong(token.sign_in(Answer::Resync { first: &first, second: &skipped }).await));
    let _ = accepted(token.sign_in(Answer::Resync { first: &first, second: &second }).await);
    assert!(is_wrong(token.sign_in(Answer::Resync { first: &first, second: &second }).await));
    assert!(is_wrong(token.sign_in(Answer::Code(&second)).await));
    let _ = accepted(token.sign_in(Answer::Code(&token.code(52))).await);
}

#[tokio::test]
async fn the_button_pressed_twice_costs_the_account_nothing() {
    let token = Token::new().await;
    for _ in 0..7 {
        assert!(is_wrong(token.sign_in(Answer::Code(&token.code(0))).await));
    }
    let _ = accepted(token.sign_in(Answer::Code(&token.code(1))).await);
}

#[tokio::test]
async fn a_second_code_is_no_answer_for_a_clock() {
    let ada = crate::rig::Enrolled::new().await;
    let (first, second) = (ada.code(1), ada.code(2));
    let answer = ada.sign_in(Answer::Resync { first: &first, second: &second }).await;
    assert_eq!(refused(answer), Refusal::MalformedCode);
}
