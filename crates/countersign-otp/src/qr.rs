//! QR codes (ISO/IEC 18004) of a key URI or of an export: SVG for pages, PNG for mail and apps, text for terminals.
//!
//! The picture is the secret. It is returned in a type that is wiped on drop, and the working matrix is wiped as well; what the
//! QR and PNG libraries keep in between is not.
//!
//! ```
//! use countersign_otp::{KeyUri, Secret, Totp, qr};
//!
//! let totp = Totp::new(Secret::from(*b"12345678901234567890"));
//! let uri = KeyUri::totp(&totp, "Example", "alice@example.com")?;
//! assert!(qr::svg(&uri.expose())?.expose().starts_with("<svg "));
//! # Ok::<(), countersign_otp::OtpError>(())
//! ```

mod matrix;

use alloc::{string::String, vec, vec::Vec};
use core::fmt::Write as _;

use matrix::Matrix;
use zeroize::Zeroizing;

use crate::{OtpError, SecretBytes, SecretText};

/// How many pixels a module of the PNG has to each side.
const PIXELS: usize = 6;

/// The QR code of `text` as an SVG element, dark on white, without a size of its own: it fills what it is put in. No style, script
/// or link, so that a strict content security policy lets it pass.
///
/// # Errors
/// [`OtpError::Qr`] if the text is too long, which no key URI is.
pub fn svg(text: &SecretText) -> Result<SecretText, OtpError> {
    let matrix = Matrix::of(text)?;
    let side = matrix.side();
    let mut svg = String::with_capacity(256 + side * side * 8);
    // Writing to a string does not fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\""
    );
    for y in 0..side {
        for (x, width) in matrix.dark_runs(y) {
            let _ = write!(svg, "M{x} {y}h{width}v1h-{width}z");
        }
    }
    svg.push_str("\"/></svg>");
    Ok(SecretText::new(svg))
}

/// The QR code of `text` as a PNG file of one bit per pixel, six pixels per module.
///
/// # Errors
/// [`OtpError::Qr`] if the text is too long, which no key URI is.
pub fn png(text: &SecretText) -> Result<SecretBytes, OtpError> {
    let matrix = Matrix::of(text)?;
    let pixels = matrix.side() * PIXELS;
    let row_bytes = pixels.div_ceil(8);
    let mut rows = Zeroizing::new(vec![0xff_u8; row_bytes * pixels]);
    for (y, same) in rows.chunks_exact_mut(row_bytes * PIXELS).enumerate() {
        for (x, width) in matrix.dark_runs(y) {
            (x * PIXELS..(x + width) * PIXELS).for_each(|pixel| same[pixel / 8] &= !(0x80 >> (pixel % 8)));
        }
        (1..PIXELS).for_each(|row| same.copy_within(..row_bytes, row * row_bytes));
    }
    encode(pixels, &rows).map_err(|_| OtpError::Qr)
}

/// The QR code of `text` for a terminal with a dark background, two modules in one character, lines ended by `\n`.
///
/// # Errors
/// [`OtpError::Qr`] if the text is too long, which no key URI is.
pub fn terminal(text: &SecretText) -> Result<SecretText, OtpError> {
    let matrix = Matrix::of(text)?;
    let side = matrix.side();
    let mut lines = String::with_capacity((side * 3 + 1) * side.div_ceil(2));
    for y in (0..side).step_by(2) {
        for x in 0..side {
            // Light modules are drawn: on a dark background they, not the dark ones, need ink.
            lines.push(match (matrix.is_dark(x, y), matrix.is_dark(x, y + 1)) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            });
        }
        lines.push('\n');
    }
    Ok(SecretText::new(lines))
}

fn encode(pixels: usize, rows: &[u8]) -> Result<SecretBytes, png::EncodingError> {
    let side = u32::try_from(pixels).map_err(|_| png::EncodingError::LimitsExceeded)?;
    let mut file = Vec::with_capacity(rows.len() + 1024);
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rows)?;
    writer.finish()?;
    Ok(SecretBytes::new(file))
}
