//! `plot`: the losses of a run by iteration, on a logarithmic scale, with a line where a scale begins.

use impasto::Step;
use plotters::prelude::*;

const SIZE: (u32, u32) = (1000, 600);

/// The smallest value that is drawn. Terms that are 0 are left out, because they have no logarithm.
const LEAST: f64 = 1e-12;

/// Returns the drawing as SVG.
pub(crate) fn losses(steps: &[Step]) -> Result<String, String> {
    let mut drawing = String::new();
    draw(steps, &mut drawing).map_err(|error| error.to_string())?;
    Ok(drawing)
}

fn draw(steps: &[Step], drawing: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let sum = |terms: &[(String, f64)]| terms.iter().map(|(_, value)| value).sum::<f64>();
    let curves: [(&str, RGBColor, Vec<f64>); 4] = [
        ("total", BLACK, steps.iter().map(|step| step.losses.total).collect()),
        ("style", BLUE, steps.iter().map(|step| sum(&step.losses.style)).collect()),
        ("content", RED, steps.iter().map(|step| sum(&step.losses.content)).collect()),
        ("total variation", GREEN, steps.iter().map(|step| step.losses.tv).collect()),
    ];
    let values = || curves.iter().flat_map(|(_, _, values)| values).copied().filter(|value| *value > LEAST);
    let (least, most) =
        values().fold((f64::MAX, LEAST), |(least, most), value| (least.min(value), most.max(value)));
    let (least, most) = if least > most { (0.1, 1.0) } else { (least / 1.5, most * 1.5) };

    let root = SVGBackend::with_string(drawing, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(0..steps.len().max(1), (least..most).log_scale())?;
    let label = |value: &f64| format!("{value:.1e}");
    chart
        .configure_mesh()
        .x_desc("iterations")
        .y_desc("weighted loss")
        .y_label_formatter(&label)
        .light_line_style(WHITE)
        .draw()?;
    let begins = (1..steps.len()).filter(|at| steps[*at].scale != steps[at - 1].scale);
    for at in begins {
        let line = [(at, least), (at, most)];
        chart.draw_series(std::iter::once(PathElement::new(line, BLACK.mix(0.3))))?;
    }
    for (name, colour, values) in curves {
        let places = values.into_iter().enumerate().filter(|(_, value)| *value > LEAST);
        chart
            .draw_series(LineSeries::new(places.map(|(at, value)| (at + 1, value)), colour))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
    }
    chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(BLACK).draw()?;
    root.present()?;
    Ok(())
}
