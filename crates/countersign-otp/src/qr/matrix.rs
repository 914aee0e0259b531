use fast_qr::{ECL, Module, QRBuilder, QRCode};
use zeroize::optimization_barrier;

use crate::{OtpError, SecretText};

/// Light modules around the code that ISO/IEC 18004 asks for.
const QUIET: usize = 4;

/// The modules of a QR code with its quiet zone; wiped on drop.
pub(super) struct Matrix(QRCode);

impl Matrix {
    /// At error correction level M: enough for a screen, and smaller than the library's own choice.
    pub(super) fn of(text: &SecretText) -> Result<Self, OtpError> {
        QRBuilder::new(text.expose()).ecl(ECL::M).build().map(Self).map_err(|_| OtpError::Qr)
    }

    /// How many modules there are to a side, the quiet zone included.
    pub(super) fn side(&self) -> usize {
        self.0.size + 2 * QUIET
    }

    /// Whether a module is dark. Outside of the code all are light.
    pub(super) fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.0.size);
        inside(x).zip(inside(y)).is_some_and(|(x, y)| self.0[y][x].value())
    }

    /// The runs of dark modules in row `y`: where each begins and how long it is.
    pub(super) fn dark_runs(&self, y: usize) -> impl Iterator<Item = (usize, usize)> {
        let mut x = 0;
        core::iter::from_fn(move || {
            x += (x..self.side()).take_while(|x| !self.is_dark(*x, y)).count();
            let width = (x..self.side()).take_while(|x| self.is_dark(*x, y)).count();
            let start = x;
            x += width;
            (width > 0).then_some((start, width))
        })
    }
}

impl Drop for Matrix {
    fn drop(&mut self) {
        self.0.data.fill(Module::data(Module::LIGHT));
        optimization_barrier(&self.0.data);
    }
}
