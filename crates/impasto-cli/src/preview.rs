//! `--preview`: shows the result in the terminal, with the graphics of kitty, iTerm2 or sixel, or in half blocks.

use std::env;
use std::io::{IsTerminal, stdin, stdout};

use image::{DynamicImage, ImageBuffer};
use impasto::Picture;
use impasto::image::{Averaging, Filter, Space, fit_long_edge, resize};
use viuer::Config;

/// Largest long edge of a preview. No terminal shows more pixels, and they may have to travel over a network.
pub(crate) const LONG_EDGE: usize = 1024;

/// Shows a picture of this colour space, or returns the reason why it cannot be shown.
pub(crate) fn show(picture: &Picture, space: Space) -> Result<(), String> {
    if !stdout().is_terminal() {
        return Err("standard output is no terminal".into());
    }
    let (width, height) = fit_long_edge(picture.size(), LONG_EDGE.min(picture.long_edge()));
    // Terminals only support sRGB.
    let small =
        resize(picture, width, height, Filter::Bilinear, Averaging::Light).between(space, Space::Srgb);
    let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    let rgb = small.rgb();
    let samples =
        (0..width * height).flat_map(|at| [0, 1, 2].map(|plane| byte(rgb[plane * width * height + at])));
    let image =
        ImageBuffer::from_raw(width as u32, height as u32, samples.collect()).ok_or("it has no pixels")?;
    let config = Config {
        absolute_offset: false,
        use_kitty: knows_kitty(),
        use_sixel: knows_sixel(),
        ..Config::default()
    };
    viuer::print(&DynamicImage::ImageRgb8(image), &config).map(|_| ()).map_err(|error| error.to_string())
}

// To detect graphics, viuer sends a query to the terminal and waits for the answer, for ever if there is none. So only
// terminals that are known to answer are asked.

fn knows_kitty() -> bool {
    let known = ["kitty", "ghostty", "wezterm", "konsole"];
    stdin().is_terminal() && (env::var_os("KITTY_WINDOW_ID").is_some() || is_one_of(&known))
}

fn knows_sixel() -> bool {
    stdin().is_terminal()
        && is_one_of(&["foot", "mlterm", "yaft", "contour", "sixel", "xterm-256color-sixel"])
}

fn is_one_of(names: &[&str]) -> bool {
    let found = ["TERM", "TERM_PROGRAM"].map(|name| env::var(name).unwrap_or_default().to_lowercase());
    found.iter().any(|found| names.iter().any(|name| found.contains(name)))
}
