use std::{fs, path::PathBuf, process::Command};

use countersign_otp::{KeyUri, qr};

use super::{totp, uri};

/// What zbarimg reads from a picture.
fn scanned(picture: &[u8], name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, picture).unwrap();
    let output = Command::new("zbarimg")
        .args(["--quiet", "--raw"])
        .arg(&path)
        .output()
        .expect("zbarimg is missing: install `zbar-tools`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// The dark modules that a picture shows, drawn as a plain bitmap, eight pixels to a module.
fn bitmap(side: usize, dark: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let mut pixels = format!("P5 {0} {0} 255\n", side * 8).into_bytes();
    pixels.extend(
        (0..side * 8)
            .flat_map(|y| (0..side * 8).map(move |x| (x / 8, y / 8)))
            .map(|(x, y)| if dark(x, y) { 0 } else { 255 }),
    );
    pixels
}

#[test]
fn a_scanner_reads_the_png() {
    let text = uri().expose();
    assert_eq!(scanned(qr::png(&text).unwrap().expose(), "uri.png"), text.expose());
    let long = KeyUri::totp(&totp(), "Example", &"x".repeat(700)).unwrap().expose();
    assert_eq!(scanned(qr::png(&long).unwrap().expose(), "long.png"), long.expose());
}

#[test]
fn a_scanner_reads_the_svg() {
    let text = uri().expose();
    let svg = qr::svg(&text).unwrap();
    let svg = svg.expose();
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ") && svg.ends_with("</svg>"));
    for forbidden in ["<style", "<script", "style=", "href", "otpauth", "&"] {
        assert!(!svg.contains(forbidden), "{forbidden}");
    }
    // Drawn from the path by hand, as no tool for SVG can be taken for granted.
    let side: usize = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let path = svg.split("fill=\"#000\" d=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut dark = vec![vec![false; side]; side];
    for run in path.split('M').skip(1) {
        let (x, rest) = run.split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let (width, rest) = rest.split_once('v').unwrap();
        assert_eq!(rest, format!("1h-{width}z"));
        let (x, y, width): (usize, usize, usize) = (x.parse().unwrap(), y.parse().unwrap(), width.parse().unwrap());
        dark[y][x..x + width].fill(true);
    }
    assert_eq!(scanned(&bitmap(side, |x, y| dark[y][x]), "svg.pgm"), text.expose());

    // Scanners forgive a mirror image and a missing margin; other readers may not. Four light modules all around, and the one
    // module that is always dark (ISO/IEC 18004, section 7.9.1) where it belongs, with a light one in its mirror.
    let margin = |at: usize| !(4..side - 4).contains(&at);
    assert!((0..side).all(|y| (0..side).all(|x| !dark[y][x] || !margin(x) && !margin(y))));
    assert!(dark[4][4] && dark[side - 5][4] && dark[4][side - 5]);
    assert!(dark[side - 12][12] && !dark[12][side - 12]);
}

#[test]
fn a_scanner_reads_the_terminal() {
    let text = uri().expose();
    let lines = qr::terminal(&text).unwrap();
    let lines: Vec<Vec<char>> = lines.expose().lines().map(|line| line.chars().collect()).collect();
    let side = lines[0].len();
    assert_eq!(lines.len(), side.div_ceil(2));
    let dark = |x: usize, y: usize| match lines[y / 2][x] {
        ' ' => true,
        '▀' => y % 2 == 1,
        '▄' => y.is_multiple_of(2),
        '█' => false,
        other => panic!("{other:?}"),
    };
    assert_eq!(scanned(&bitmap(side, dark), "terminal.pgm"), text.expose());
}
