//! Any text as limits by route: nothing panics, the bounds hold, and what is taken says itself in a form that is taken
//! again as the same.
#![no_main]

use countersign_axum::{LimitTier, LimitTiers};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let Ok(tiers) = input.parse::<LimitTiers>() else { return };
    assert!(tiers.iter().count() <= LimitTiers::MAX_TIERS);
    for tier in tiers.iter() {
        assert!((1..=LimitTier::MAX_NAME).contains(&tier.name().len()));
        assert!((1..=LimitTier::MAX_ROUTES).contains(&tier.routes().len()));
    }
    let said = tiers.to_string();
    if said.len() <= LimitTiers::MAX_TEXT {
        assert_eq!(said.parse(), Ok(tiers));
    }
});
