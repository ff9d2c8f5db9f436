//! The scores as a table: a line for each measure, a column for each picture, and a mark at the best score of a line.

use impasto::referee::{Aspect, Better, Measure};

use super::Scored;
use crate::inputs::Input;
use crate::text::printable;

/// Largest number of characters of a picture's name. A longer name is shortened to its end, which tells most.
const NAME: usize = 24;

/// A line of the table.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) measure: Measure,
    /// For each picture its score as text, and whether it is the best.
    pub(super) cells: Vec<(String, bool)>,
}

/// Returns a line for each measure by which any picture has a score.
pub(super) fn rows(scored: &[Scored]) -> Vec<Row> {
    let each: Vec<_> = scored.iter().map(|scored| scored.scores.each()).collect();
    let Some(first) = each.first() else { return Vec::new() };
    let row = |at: usize| {
        let (name, measure, _) = &first[at];
        let values: Vec<Option<f64>> = each.iter().map(|each| each[at].2).collect();
        let better = |a: f64, b: f64| if measure.prefers(b, a) { b } else { a };
        let best = values.iter().flatten().copied().reduce(better)?;
        let cell = |value: &Option<f64>| {
            let is_best = scored.len() > 1 && *value == Some(best);
            (value.map_or_else(|| "-".to_owned(), |value| text(value, measure)), is_best)
        };
        Some(Row { name: name.clone(), measure: *measure, cells: values.iter().map(cell).collect() })
    };
    (0..first.len()).filter_map(row).collect()
}

/// Formats a score: steps of 8 bits and units of colour with two decimals, all others with four.
fn text(value: f64, measure: &Measure) -> String {
    match measure.aspect {
        Aspect::Colour | Aspect::Faults => format!("{value:.2}"),
        Aspect::Content | Aspect::Texture => format!("{value:.4}"),
    }
}

/// Returns the layer and the encoder of the structure score, which are the same for all pictures.
pub(super) fn structure_at(scored: &[Scored]) -> Option<&str> {
    scored.iter().map(|scored| scored.scores.structure_at.as_str()).find(|at| !at.is_empty())
}

pub(super) fn arrow(better: Better) -> char {
    match better {
        Better::Higher => '↑',
        Better::Lower => '↓',
    }
}

/// Shortens a long name to its end.
fn short(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME {
        name.to_owned()
    } else {
        "…".chars().chain(name.chars().skip(length + 1 - NAME)).collect()
    }
}

/// Returns the lines of the table for a terminal.
pub(super) fn lines(pictures: &[Input], scored: &[Scored]) -> Vec<String> {
    let names: Vec<String> =
        pictures.iter().map(|input| short(&printable(&input.path.to_string_lossy()))).collect();
    let rows = rows(scored);
    let of_name = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let marked = |(text, is_best): &(String, bool)| format!("{text}{}", if *is_best { '*' } else { ' ' });
    let widths: Vec<usize> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let cells = rows.iter().map(|row| marked(&row.cells[at]).chars().count()).max().unwrap_or(0);
            cells.max(name.chars().count() + 1)
        })
        .collect();
    let joined = |start: String, cells: Vec<String>| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("  {cell:>width$}"));
        (start + &cells.collect::<String>()).trim_end().to_owned()
    };
    let header = names.iter().map(|name| format!("{name} ")).collect();
    let mut lines = vec![joined(" ".repeat(of_name + 2), header)];
    let mut part = "";
    for row in &rows {
        if part != tells(row.measure.aspect) {
            part = tells(row.measure.aspect);
            lines.push(part.to_owned());
        }
        let start = format!("{:<of_name$} {}", row.name, arrow(row.measure.better));
        lines.push(joined(start, row.cells.iter().map(marked).collect()));
    }
    lines.push(String::new());
    for (name, scored) in names.iter().zip(scored) {
        if !scored.scores.seams_at.is_empty() {
            lines.push(format!("the strongest seam of {name}: {}", scored.scores.seams_at));
        }
    }
    lines.extend(structure_at(scored).map(|at| format!("structure is seen at {}", printable(at))));
    let best = if scored.len() > 1 { "; * the best" } else { "" };
    lines.push(format!("↑ higher is better, ↓ lower is better{best}"));
    lines.extend(rows.iter().filter_map(|row| in_words(row.measure.name)).map(str::to_owned));
    let has = |aspect| rows.iter().any(|row| row.measure.aspect == aspect);
    if scored.len() > 1 && has(Aspect::Content) && has(Aspect::Texture) {
        lines.push(
            "no part says alone which picture is better: a photograph left as it is has the best marks for the \
             subject, and the style itself for the style"
                .into(),
        );
    }
    lines
}

/// The meaning of the measures of an aspect.
pub(super) fn tells(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Content => "Subject kept",
        Aspect::Colour | Aspect::Texture => "Style taken",
        Aspect::Faults => "Faults",
    }
}

/// Explains a fault in everyday words: the names of the others say enough, or documents explain them.
fn in_words(name: &str) -> Option<&'static str> {
    match name {
        "noise" => Some("noise: grain that neither the content nor the style has"),
        "seams" => Some("seams: straight lines or a grid, as tiles and blocks of JPEG leave them"),
        "border" => Some("border: an edge of the picture that is rougher than its inside"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto::referee::Scores;

    #[test]
    fn the_best_are_marked_and_what_nobody_has_is_left_out() {
        let scored = |ssim, noise| {
            let mut scores = Scores::default();
            (scores.ssim, scores.noise) = (Some(ssim), noise);
            Scored { size: (1, 1), scores }
        };
        let rows = rows(&[scored(0.25, Some(2.0)), scored(0.5, None), scored(0.5, Some(3.0))]);
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.cells.iter().map(|(text, best)| format!("{text}{}", u8::from(*best))).collect())
            .collect();
        assert_eq!(cells, [["0.25000", "0.50001", "0.50001"], ["2.001", "-0", "3.000"]]);
        assert_eq!(short("a/very/long/path/to/a/picture.png"), "…g/path/to/a/picture.png");
    }
}
