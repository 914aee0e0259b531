use countersign_otp::{Algorithm, Digits, Period, Secret, Totp};

/// One random secret with random parameters at a random time.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) secret: Vec<u8>,
    pub(super) algorithm: Algorithm,
    pub(super) digits: Digits,
    pub(super) period: Period,
    pub(super) time: u64,
}

impl Case {
    pub(super) fn totp(&self) -> Totp {
        let secret = Secret::from_bytes(&self.secret).unwrap();
        Totp::new(secret).algorithm(self.algorithm).digits(self.digits).period(self.period)
    }
}

/// `count` cases, the same for the same seed.
pub(super) fn random(count: usize, seed: u64) -> impl Iterator<Item = Case> {
    let mut state = seed;
    // splitmix64: for spread alone, not for secrets.
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    std::iter::repeat_with(move || {
        let len = 16 + usize::try_from(next() % 113).unwrap();
        let time_bits = u32::try_from(next() % 65).unwrap();
        Case {
            secret: std::iter::repeat_with(|| next().to_be_bytes()[0]).take(len).collect(),
            algorithm: [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512][usize::try_from(next() % 3).unwrap()],
            digits: Digits::try_from(6 + u8::try_from(next() % 3).unwrap()).unwrap(),
            period: Period::from_secs(15 + next() % 286).unwrap(),
            // Of every magnitude, up to the whole 64 bits.
            time: next().checked_shr(64 - time_bits).unwrap_or(0),
        }
    })
    .take(count)
}

/// A seed of the operating system's, for the long runs.
pub(super) fn any_seed() -> u64 {
    getrandom::u64().unwrap()
}
