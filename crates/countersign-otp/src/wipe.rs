use zeroize::optimization_barrier;

/// Overwrites with zeros, and makes the compiler keep the writes. `zeroize` writes one element after the other, which for bytes
/// costs as much as a compression of SHA-1; this writes as wide as the machine can.
#[inline]
pub(crate) fn wipe<T: Zero>(value: &mut T) {
    *value = T::ZERO;
    optimization_barrier(value);
}

/// What consists of integers alone.
pub(crate) trait Zero {
    const ZERO: Self;
}

impl Zero for u8 {
    const ZERO: Self = 0;
}

impl Zero for u32 {
    const ZERO: Self = 0;
}

impl Zero for u64 {
    const ZERO: Self = 0;
}

impl<T: Zero, const N: usize> Zero for [T; N] {
    const ZERO: Self = [T::ZERO; N];
}
