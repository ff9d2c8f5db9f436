//! The embedded encoder agrees with its model card (docs/lite.md; training/card.py computed the numbers with PyTorch):
//! the file, the layers, and the moments of a picture made by a formula, on both engines.

#![allow(clippy::unwrap_used)] // a failing test

use std::path::Path;

use impasto_encoder::open;
use impasto_engine::{Cancel, Cpu, Edges, Engine, Network, Pixels, Rect, Reference, Size};

/// Relative error of each moment. The card has five figures or more; single precision is well below that.
const PRINTED: f64 = 2e-4;

struct Row {
    layer: String,
    channels: usize,
    mean: f64,
    square: f64,
}

fn card() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lite.md")).unwrap()
}

fn rows(card: &str) -> Vec<Row> {
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_string()).collect::<Vec<_>>();
    card.lines()
        .filter(|line| line.starts_with("| relu"))
        .map(cells)
        .filter(|cells| cells.len() == 6)
        .map(|cells| Row {
            layer: cells[1].clone(),
            channels: cells[2].parse().unwrap(),
            mean: cells[3].parse().unwrap(),
            square: cells[4].parse().unwrap(),
        })
        .collect()
}

/// The picture of training/card.py.
fn picture() -> Pixels {
    let size = Size::new(96, 64);
    let value = |plane: usize, x: usize, y: usize| {
        let wave = 0.11 * (plane + 1) as f64 * x as f64 + 0.17 * (3 - plane) as f64 * y as f64;
        (0.5 + 0.5 * wave.sin()) as f32
    };
    let data = (0..3)
        .flat_map(|plane| (0..64).flat_map(move |y| (0..96).map(move |x| value(plane, x, y))))
        .collect();
    Pixels { size, data }
}

#[test]
fn the_embedded_file_is_the_cards() {
    let (lite, card) = (open("lite").unwrap(), card());
    assert!(card.contains(&format!("`{}`", lite.provenance().sha256)), "{}", lite.provenance().sha256);
    assert!(card.contains(&format!("pooling `{}`", lite.pooling())), "{}", lite.pooling());
    let metadata = &lite.provenance().metadata;
    // A line may end anywhere.
    let words = card.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("padding `{}`", metadata["padding"])));
    // A padding that the engine lacks would run as zero.
    assert_eq!(Network::new(lite.clone()).padding.to_string(), metadata["padding"]);
    for fact in ["source", "licence", "attribution"] {
        assert!(metadata[fact].len() > 2, "{fact}");
    }
}

#[test]
fn both_engines_see_what_the_card_says() {
    let (lite, rows) = (open("lite").unwrap(), rows(&card()));
    let topology = lite.topology().clone();
    let found: Vec<_> = topology.taps().map(|tap| (topology.tap_name(tap), topology.channels(tap))).collect();
    let said: Vec<_> = rows.iter().map(|row| (row.layer.clone(), row.channels)).collect();
    assert_eq!(found, said);
    let network = Network::new(lite);
    let image = picture();
    let mut engines: [Box<dyn Engine>; 2] = [
        Box::new(Reference::new(network.clone(), Cancel::default())),
        Box::new(Cpu::new(network, Cancel::default())),
    ];
    for engine in &mut engines {
        for (tap, row) in topology.taps().zip(&rows) {
            let (width, height) = topology.size_at(tap.conv(), (96, 64));
            let window = Rect { x: 0, y: 0, size: Size::new(width, height) };
            let features = engine.features(&image, Edges::default(), tap, window).unwrap().data;
            let count = features.len() as f64;
            let mean = features.iter().sum::<f64>() / count;
            let square = features.iter().map(|value| value * value).sum::<f64>() / count;
            for (name, found, said) in [("mean", mean, row.mean), ("mean square", square, row.square)] {
                assert!((found - said).abs() <= PRINTED * said, "{} {name}: {found}, not {said}", row.layer);
            }
        }
    }
}
