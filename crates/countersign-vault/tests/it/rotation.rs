use std::{collections::BTreeMap, ops::Bound};

use countersign_vault::{
    AesGcmBudget, Context, KeyRing, Purpose, Rehearsal, RotationReport, Sealed, SweepProgress, Vault, VaultError,
};
use getrandom::SysRng;

use crate::support::{Broken, key, vault};

type Rows = BTreeMap<String, Sealed>;

fn place(user: &str) -> Context<'_> {
    Context::new(Purpose::SECRET, user)
}

fn rows(vault: &Vault, count: usize) -> Rows {
    (0..count)
        .map(|at| {
            let user = format!("user-{at:03}");
            let sealed = vault.seal(&place(&user), user.as_bytes(), &mut SysRng).unwrap();
            (user, sealed)
        })
        .collect()
}

fn rotated() -> Vault {
    let ring = KeyRing::new(key(1)).with_older(key(2)).unwrap();
    let newest = ring.ids().last().unwrap();
    Vault::new(ring.with_active(&newest).unwrap())
}

/// Does at most `steps` rows, as a process that is killed after them.
fn sweep(vault: &Vault, rows: &mut Rows, progress: &mut SweepProgress, steps: usize) {
    for _ in 0..steps {
        let after = progress.after().map_or(Bound::Unbounded, Bound::Excluded);
        let Some((user, sealed)) = rows.range::<str, _>((after, Bound::Unbounded)).next() else { return };
        let user = user.clone();
        if let Some(resealed) = progress.reseal(vault, &place(&user), sealed, &mut SysRng).unwrap() {
            rows.insert(user.clone(), resealed);
        }
        progress.finish_row(&user);
    }
}

fn report(vault: &Vault, rows: &Rows) -> RotationReport {
    let mut report = RotationReport::new();
    for (user, sealed) in rows {
        report.add(sealed, vault.rehearse(&place(user), sealed));
    }
    report
}

fn opens_with_exactly_one(user: &str, sealed: &Sealed) -> bool {
    [vault(1), vault(2), vault(3)].iter().filter(|vault| vault.open(&place(user), sealed).is_ok()).count() == 1
}

#[test]
fn a_killed_sweep_goes_on_where_it_stood() {
    for killed_after in 0..=5 {
        let mut rows = rows(&vault(1), 5);
        let vault = rotated();
        let mut progress = SweepProgress::start(&vault);
        sweep(&vault, &mut rows, &mut progress, killed_after);
        assert!(rows.iter().all(|(user, sealed)| opens_with_exactly_one(user, sealed)));
        let stored = serde_json::to_string(&progress).unwrap();
        let mut progress = SweepProgress::resume(serde_json::from_str(&stored).unwrap(), &vault);
        assert_eq!(progress.rows(), killed_after as u64);
        sweep(&vault, &mut rows, &mut progress, 100);
        assert_eq!((progress.rows(), progress.resealed(), progress.does_not_open()), (5, 5, 0));
        assert!(rows.iter().all(|(user, sealed)| {
            opens_with_exactly_one(user, sealed)
                && vault.open(&place(user), sealed).unwrap().expose_bytes() == user.as_bytes()
        }));
        assert_eq!(report(&vault, &rows).current(), 5);
    }
}

#[test]
fn a_row_whose_save_was_lost_is_done_again() {
    let mut rows = rows(&vault(1), 3);
    let vault = rotated();
    // Saved, and killed before the progress was: the next sweep meets a row that is done.
    let mut lost = SweepProgress::start(&vault);
    sweep(&vault, &mut rows, &mut lost, 1);
    let mut progress = SweepProgress::start(&vault);
    sweep(&vault, &mut rows, &mut progress, 100);
    assert_eq!((progress.rows(), progress.resealed()), (3, 2));
}

#[test]
fn a_sweep_towards_another_key_starts_again() {
    let vault_2 = rotated();
    let mut progress = SweepProgress::start(&vault_2);
    progress.finish_row("user-001");
    let onwards = Vault::new(KeyRing::new(key(3)).with_older(key(2)).unwrap());
    let resumed = SweepProgress::resume(progress.clone(), &onwards);
    assert_eq!((resumed.after(), resumed.target()), (None, onwards.key_ring().active_id()));
    assert_eq!(SweepProgress::resume(progress.clone(), &vault_2), progress);
}

#[test]
fn a_rehearsal_says_what_would_happen_and_which_keys_are_needed() {
    let mut all = rows(&vault(1), 3);
    all.append(&mut rows(&vault(2), 2));
    let moved = all["user-002"].clone();
    all.insert("user-900".into(), moved);
    let lost = vault(3).seal(&place("user-901"), b"x", &mut SysRng).unwrap();
    all.insert("user-901".into(), lost);
    let before = all.clone();
    let vault_2 = rotated();
    let found = report(&vault_2, &all);
    assert_eq!(all, before);
    // `append` put two rows under the second key in the place of two of the first three.
    assert_eq!((found.current(), found.would_reseal(), found.does_not_open()), (2, 1, 2));
    let [one, two, three] = [1, 2, 3].map(|number| vault(number).key_ring().active_id());
    assert!(found.is_needed(&one) && found.is_needed(&two) && found.is_needed(&three));
    assert_eq!(found.by_key().collect::<BTreeMap<_, _>>(), BTreeMap::from([(one, 2), (two, 2), (three, 1)]));

    all.remove("user-900");
    let mut progress = SweepProgress::start(&vault_2);
    sweep(&vault_2, &mut all, &mut progress, 100);
    assert_eq!((progress.resealed(), progress.does_not_open()), (1, 1));
    assert_eq!(all["user-901"], before["user-901"]);
    let mut done = report(&vault_2, &all);
    assert!(!done.is_needed(&one));
    done.merge(&found);
    assert!(done.is_needed(&one));
    assert_eq!((done.current(), done.would_reseal(), done.does_not_open()), (5, 1, 3));
}

#[test]
fn a_key_is_taken_out_only_when_it_is_not_active() {
    let [one, two] = [1, 2].map(|number| vault(number).key_ring().active_id());
    let ring = || KeyRing::new(key(2)).with_older(key(1)).unwrap();
    assert!(matches!(ring().without(&two), Err(VaultError::KeyIsActive)));
    assert!(matches!(KeyRing::new(key(2)).without(&one), Err(VaultError::UnknownKey)));
    assert!(matches!(KeyRing::new(key(2)).with_active(&one), Err(VaultError::UnknownKey)));
    assert!(ring().without(&one).unwrap().ids().eq([two]));
    assert!(ring().with_active(&one).unwrap().ids().eq([one, two]));
    let ring = ring().with_older(key(3)).unwrap().with_active(&one).unwrap();
    assert_eq!(ring.ids().take(2).collect::<Vec<_>>(), [one, two]);
}

#[test]
fn a_value_moves_between_formats_too() {
    let sealed = vault(1).seal(&place("ann"), b"x", &mut SysRng).unwrap();
    let plain = Vault::with_aes_gcm(KeyRing::new(key(1)), AesGcmBudget::new(0, 1));
    assert!(plain.needs_reseal(&sealed) && !vault(1).needs_reseal(&sealed));
    assert_eq!(plain.rehearse(&place("ann"), &sealed), Rehearsal::WouldReseal);
    let resealed = plain.reseal(&place("ann"), &sealed, &mut SysRng).unwrap().unwrap();
    assert!(resealed.to_string().starts_with("cs2."));
    assert!(plain.reseal(&place("ann"), &resealed, &mut SysRng).unwrap().is_none());
    assert_eq!(vault(1).open(&place("ann"), &resealed).unwrap().expose_bytes(), b"x");
    assert!(matches!(plain.reseal(&place("bob"), &sealed, &mut SysRng), Err(VaultError::DidNotOpen(_))));
}

#[test]
fn a_sweep_stops_when_it_cannot_seal() {
    let rows = rows(&vault(1), 1);
    let vault = rotated();
    let mut progress = SweepProgress::start(&vault);
    let sealed = &rows["user-000"];
    assert!(matches!(progress.reseal(&vault, &place("user-000"), sealed, &mut Broken), Err(VaultError::Randomness(_))));
    assert_eq!(progress.resealed(), 0);
}
