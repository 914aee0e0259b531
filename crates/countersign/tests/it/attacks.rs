//! Attacks that have worked elsewhere, by the numbers they have in our list of them. Cases that other files hold anyway
//! carry their numbers there.

use countersign::{Answer, Authority, Change, Client, History, Purpose, Refusal, store::UserId};

use crate::rig::{Enrolled, Rig, accepted, client, is_wrong, policy, refused};

/// Another user of the same store.
async fn beside(ada: &Enrolled, name: &str) -> Enrolled {
    let mut rig = Rig::on(policy(), std::sync::Arc::clone(&ada.rig.store));
    rig.user = UserId::new(name).unwrap();
    rig.enrol().await
}

async fn spend(who: &Enrolled) {
    for _ in 0..5 {
        assert!(is_wrong(who.sign_in(Answer::Code(&who.wrong())).await));
    }
}

#[tokio::test]
async fn d_11_a_code_that_begins_with_a_zero_is_typed_whole() {
    let ada = Enrolled::new().await;
    let zero = (1..).find(|steps| ada.code(*steps).starts_with('0')).unwrap();
    ada.rig.wait(30 * u64::try_from(zero).unwrap());
    let (ticket, code) = (ada.ticket().await, ada.code(0));
    assert_eq!(refused(ada.answer(&ticket, Answer::Code(&code[1..])).await), Refusal::MalformedCode);
    let _ = accepted(ada.answer(&ticket, Answer::Code(&code)).await);
}

#[tokio::test]
async fn d_21_nothing_but_a_fresh_factor_of_ones_own_turns_it_off() {
    let ada = Rig::new(policy().required(false)).await.enrol_by_first_factor().await;
    let bob = beside(&ada, "user-2").await;
    let (user, engine) = (&ada.rig.user, &ada.rig.engine);
    let manage = |answer| async move { engine.step_up(user, Purpose::Manage, answer, &client()).await.unwrap() };
    ada.rig.wait(60);
    let (code, others) = (ada.code(0), bob.phone.code(ada.rig.secs(), 0));
    let _ = accepted(ada.sign_in(Answer::Code(&code)).await);
    assert!(is_wrong(manage(Answer::Code(&code)).await), "a replayed code");
    assert!(is_wrong(manage(Answer::BackupCode(&bob.codes[0])).await), "another's backup code");
    assert!(is_wrong(manage(Answer::Code(&others)).await), "another's code");
    let theirs = bob.manage().await;
    assert!(matches!(engine.disable(theirs, &client()).await.unwrap(), Change::Done { .. }), "only their own");
    let status = engine.status(user).await.unwrap();
    assert!(status.enabled && status.backup_codes_left == 10);
    let proof = accepted(manage(Answer::BackupCode(&ada.codes[0])).await);
    assert!(matches!(engine.disable(proof, &client()).await.unwrap(), Change::Done { .. }));
    assert!(!engine.status(user).await.unwrap().enabled);
}

#[tokio::test]
async fn d_26_the_token_of_a_known_device_is_worth_nothing_elsewhere_bent_forgotten_or_late() {
    let ada = Enrolled::new().await;
    let bob = beside(&ada, "user-2").await;
    let engine = &ada.rig.engine;
    let proof = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    let token = engine.remember_device(&proof, &client()).await.unwrap().unwrap();
    let token = token.expose_str();
    let known = |token| Client { device_token: Some(token), ..client() };
    assert!(engine.is_known_device(&ada.rig.user, &known(token)).await.unwrap());

    spend(&bob).await;
    let ticket = bob.ticket().await;
    let theirs = bob.rig.engine.verify(&ticket, Answer::Code(&bob.code(1)), &known(token)).await.unwrap();
    assert!(matches!(refused(theirs), Refusal::BudgetSpent { .. }), "another user's");

    let mut bent = token.to_owned();
    let middle = bent.len() / 2;
    bent.replace_range(middle..=middle, if &bent[middle..=middle] == "A" { "B" } else { "A" });
    let ticket = ada.ticket().await;
    for text in ["", "user-1", &bent, &token[..token.len() - 1], &ticket] {
        assert!(!engine.is_known_device(&ada.rig.user, &known(text)).await.unwrap(), "{text}");
    }

    ada.rig.wait(30 * 24 * 3600 - 1);
    assert!(engine.is_known_device(&ada.rig.user, &known(token)).await.unwrap());
    ada.rig.wait(1);
    assert!(!engine.is_known_device(&ada.rig.user, &known(token)).await.unwrap(), "after thirty days");

    let proof = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    let token = engine.remember_device(&proof, &client()).await.unwrap().unwrap();
    let epoch = engine.epoch(&ada.rig.user).await.unwrap();
    assert_eq!(engine.forget_devices(&ada.rig.user, &client()).await.unwrap(), 1);
    assert!(!engine.is_known_device(&ada.rig.user, &known(token.expose_str())).await.unwrap(), "forgotten");
    assert_eq!(engine.forget_devices(&ada.rig.user, &client()).await.unwrap(), 0);

    // From a known device: all but that one.
    let mut tokens = Vec::new();
    for _ in 0..3 {
        ada.rig.wait(30);
        let proof = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
        tokens.push(engine.remember_device(&proof, &client()).await.unwrap().unwrap());
    }
    assert_eq!(engine.forget_devices(&ada.rig.user, &known(tokens[1].expose_str())).await.unwrap(), 2);
    for (number, token) in tokens.iter().enumerate() {
        let still = engine.is_known_device(&ada.rig.user, &known(token.expose_str())).await.unwrap();
        assert_eq!(still, number == 1, "{number}");
    }
    assert_eq!(engine.epoch(&ada.rig.user).await.unwrap(), epoch, "sessions go on");
}

#[tokio::test]
async fn ten_devices_are_known_and_the_oldest_goes_first() {
    let ada = Enrolled::new().await;
    let mut tokens = Vec::new();
    for _ in 0..11 {
        ada.rig.wait(60);
        let proof = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
        tokens.push(ada.rig.engine.remember_device(&proof, &client()).await.unwrap().unwrap());
    }
    for (number, token) in tokens.iter().enumerate() {
        let known = Client { device_token: Some(token.expose_str()), ..client() };
        assert_eq!(ada.rig.engine.is_known_device(&ada.rig.user, &known).await.unwrap(), number > 0, "{number}");
    }
}

#[tokio::test]
async fn what_an_old_password_opened_is_shut() {
    let ada = Enrolled::new().await;
    let engine = &ada.rig.engine;
    let proof = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    let token = engine.remember_device(&proof, &client()).await.unwrap().unwrap();
    let (ticket, before) = (ada.ticket().await, engine.epoch(&ada.rig.user).await.unwrap());
    ada.rig.wait(30);
    let epoch = engine.first_factor_changed(&ada.rig.user, &client()).await.unwrap();
    assert!(epoch > before);
    assert_eq!(engine.epoch(&ada.rig.user).await.unwrap(), epoch);
    let known = Client { device_token: Some(token.expose_str()), ..client() };
    assert!(!engine.is_known_device(&ada.rig.user, &known).await.unwrap());
    let answer = engine.verify(&ticket, Answer::Code(&ada.code(1)), &client()).await.unwrap();
    assert!(matches!(refused(answer), Refusal::TicketInvalid));
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);

    let nobody = countersign_store::UserId::new("nobody").unwrap();
    engine.first_factor_changed(&nobody, &client()).await.unwrap();
    assert!(ada.rig.store.load(&nobody).await.unwrap().is_none(), "no record is made");
}

#[tokio::test]
async fn d_30_all_spellings_and_all_clients_spend_one_budget() {
    let ada = Enrolled::new().await;
    let wrong = ada.wrong();
    let spelt = [wrong.clone(), format!(" {wrong}"), format!("{wrong} "), format!("{} {}", &wrong[..3], &wrong[3..])];
    for n in 0..5_u8 {
        let (ticket, id) = (ada.ticket().await, format!("request-{n}"));
        let from = Client {
            address: Some(std::net::Ipv4Addr::new(198, 51, n, 7).into()),
            device_token: Some("made up"),
            request_id: Some(&id),
        };
        let typed = Answer::Code(&spelt[usize::from(n) % spelt.len()]);
        assert!(is_wrong(ada.rig.engine.verify(&ticket, typed, &from).await.unwrap()), "{n}");
    }
    let ticket = ada.ticket().await;
    let from = Client { address: Some("2001:db8::7".parse().unwrap()), ..client() };
    let answer = ada.rig.engine.verify(&ticket, Answer::Code(&ada.code(1)), &from).await.unwrap();
    assert!(matches!(refused(answer), Refusal::BudgetSpent { .. }));
}

#[tokio::test]
async fn d_34_a_thousand_calls_without_a_ticket_cost_the_owner_nothing() {
    let ada = Enrolled::new().await;
    let bob = beside(&ada, "user-2").await;
    let used = ada.ticket().await;
    let _ = accepted(ada.answer(&used, Answer::Code(&ada.code(1))).await);
    ada.rig.wait(30);
    let (theirs, ticket) = (bob.ticket().await, ada.ticket().await);
    let before = ada.rig.store.load(&ada.rig.user).await.unwrap().unwrap().version;
    let wrong = ada.wrong();
    for n in 0..1000 {
        let made_up = match n % 5 {
            0 => String::new(),
            1 => format!("{}{n}", ada.rig.user),
            2 => used.clone(),
            3 => theirs.replacen('.', &format!("{n}."), 1),
            _ => format!("{}{n}", &ticket[..ticket.len() - 4]),
        };
        assert_eq!(refused(ada.answer(&made_up, Answer::Code(&wrong)).await), Refusal::TicketInvalid);
    }
    assert_eq!(ada.rig.store.load(&ada.rig.user).await.unwrap().unwrap().version, before, "nothing was saved");
    let _ = accepted(ada.answer(&ticket, Answer::Code(&ada.code(1))).await);
}

/// Four wrong codes every other day and a sign-in of the owner after them, until there is an end.
#[tokio::test]
async fn d_35_a_hundred_wrong_codes_are_the_end_of_a_factor_whatever_was_right_between() {
    let ada = Enrolled::new().await;
    let mut looked_at = 0;
    let end = loop {
        ada.rig.wait(2 * 24 * 3600);
        let mut end = None;
        for _ in 0..4 {
            match refused(ada.sign_in(Answer::Code(&ada.wrong())).await) {
                Refusal::WrongCode { .. } => looked_at += 1,
                refusal => end = Some(refusal),
            }
        }
        if let Some(refusal) = end {
            break refusal;
        }
        if looked_at < 100 {
            let _ = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
        }
    };
    assert_eq!((looked_at, end), (100, Refusal::Locked { retry_after: None }));

    let (user, engine) = (&ada.rig.user, &ada.rig.engine);
    let mut kinds: Vec<_> = engine.events(user, 1000).await.unwrap().into_iter().map(|event| event.kind).collect();
    kinds.reverse();
    let noticed: Vec<_> = (0..kinds.len()).filter(|at| kinds[*at] == "repeated_failures").collect();
    let before = |at: usize| kinds[..at].iter().filter(|kind| *kind == "code_refused").count();
    // Thirty days after the first of the five, fifteen rounds on, another five are noticed.
    assert_eq!(noticed.iter().map(|at| before(*at)).collect::<Vec<_>>(), [5, 65], "right codes take none off");
    assert_eq!(kinds.iter().filter(|kind| *kind == "factor_struck_out").count(), 1);
    assert_eq!(
        ada.rig.detail(user, "factor_struck_out").await,
        (Some(ada.factor.to_string()), Some("totp".to_owned()))
    );

    ada.rig.wait(365 * 24 * 3600);
    let code = ada.code(0);
    let right = Answer::Code(&code);
    assert_eq!(refused(ada.sign_in(right).await), Refusal::Locked { retry_after: None }, "no time heals it");
    let status = engine.status(user).await.unwrap();
    assert!(status.locked && status.locked_until.is_none() && status.factors[0].struck_out);
    for history in [History::Never, History::Enrolled] {
        assert_eq!(ada.rig.begin_refused(Authority::FirstFactor { user, history }).await, Refusal::ProofRequired);
    }
    let _ = accepted(ada.sign_in(Answer::BackupCode(&ada.codes[0])).await);
    assert_eq!(refused(ada.sign_in(right).await), Refusal::Locked { retry_after: None }, "a backup code leads on");
    assert!(matches!(engine.reset(user).await.unwrap(), Change::Done { .. }));
    let next = engine.after_first_factor(user, History::Enrolled, &client()).await.unwrap();
    assert!(matches!(next, countersign::Challenge::SetupRequired(_)), "as does an admin");
}

#[tokio::test]
async fn d_35_wrong_codes_of_a_known_device_end_no_factor_and_are_no_strangers() {
    let ada = Enrolled::new().await;
    let engine = &ada.rig.engine;
    let proof = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    let token = engine.remember_device(&proof, &client()).await.unwrap().unwrap();
    let known = Client { device_token: Some(token.expose_str()), ..client() };
    for _ in 0..26 {
        ada.rig.wait(900);
        for _ in 0..4 {
            let ticket = ada.ticket().await;
            assert!(is_wrong(engine.verify(&ticket, Answer::Code(&ada.wrong()), &known).await.unwrap()));
        }
        let ticket = ada.ticket().await;
        let _ = accepted(engine.verify(&ticket, Answer::Code(&ada.code(0)), &known).await.unwrap());
    }
    let status = engine.status(&ada.rig.user).await.unwrap();
    assert!(!status.locked && !status.factors[0].struck_out);
    let events = engine.events(&ada.rig.user, 1000).await.unwrap();
    assert!(events.iter().all(|event| event.kind != "repeated_failures"));
    ada.rig.wait(60);
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
}
