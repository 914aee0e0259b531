//! What people, strangers, operators and failures do, and how often.

use proptest::prelude::*;

/// What happens next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Enrol { user: usize },
    OpenTicket { user: usize },
    Answer { user: usize, ticket: usize, answer: Answer },
    StepUp { user: usize, answer: Answer },
    Disable { user: usize, answer: Answer },
    Regenerate { user: usize, answer: Answer },
    Unlock { user: usize },
    Reset { user: usize },
    Wait { secs: u64 },
    ClockBack { secs: u64 },
    Restart,
    Conflicts { count: usize },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// The code of the step so far from the present one.
    Code(i64),
    /// A code that is right nowhere near.
    Wrong,
    /// The present code of the other user.
    Others,
    /// The backup code of this number, of the present set.
    Backup(usize),
    /// A backup code that nobody has.
    WrongBackup,
    Malformed,
}

/// Weighted so that a short sequence comes to spent budgets, locks and ends, and out of them again.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    let user = prop_oneof![4 => Just(0_usize), 1 => Just(1)];
    let answer = prop_oneof![
        8 => (-2..=2_i64).prop_map(Answer::Code),
        14 => Just(Answer::Wrong),
        1 => Just(Answer::Others),
        3 => (0..10_usize).prop_map(Answer::Backup),
        2 => Just(Answer::WrongBackup),
        1 => Just(Answer::Malformed),
    ];
    let wait = prop_oneof![
        1 => Just(1), 1 => Just(29), 2 => Just(30), 1 => Just(299), 1 => Just(300), 4 => Just(900), 4 => Just(3600), 1 => Just(90_000)
    ];
    prop_oneof![
        3 => user.clone().prop_map(|user| Event::Enrol { user }),
        6 => user.clone().prop_map(|user| Event::OpenTicket { user }),
        14 => (user.clone(), 0..8_usize, answer.clone())
            .prop_map(|(user, ticket, answer)| Event::Answer { user, ticket, answer }),
        14 => (user.clone(), answer.clone()).prop_map(|(user, answer)| Event::StepUp { user, answer }),
        1 => (user.clone(), answer.clone()).prop_map(|(user, answer)| Event::Disable { user, answer }),
        1 => (user.clone(), answer).prop_map(|(user, answer)| Event::Regenerate { user, answer }),
        3 => user.clone().prop_map(|user| Event::Unlock { user }),
        1 => user.prop_map(|user| Event::Reset { user }),
        9 => wait.prop_map(|secs| Event::Wait { secs }),
        1 => prop_oneof![Just(30), Just(300), Just(3600)].prop_map(|secs| Event::ClockBack { secs }),
        1 => Just(Event::Restart),
        1 => (1..4_usize).prop_map(|count| Event::Conflicts { count }),
    ]
}
