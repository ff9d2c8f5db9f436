//! `impasto plan`: shows the memory and the time that a run will take, before it begins.

use std::path::PathBuf;
use std::time::Duration;

use impasto::ScalePlan;
use impasto_job::spec::StylizeSpec;
use impasto_job::{Planned, Runner, Task};
use indicatif::{DecimalBytes, HumanDuration};
use serde_json::json;

use crate::args::PlanArgs;
use crate::failure::Failure;
use crate::jobs::planner;
use crate::models;
use crate::output::line;

pub(crate) fn run(args: PlanArgs) -> Result<(), Failure> {
    let mut spec = StylizeSpec::new(args.content, args.style, PathBuf::from("out.png"));
    (spec.run, spec.regions, spec.input) = (args.run, args.regions, args.input);
    let in_half = spec.run.half;
    let runner = planner(spec.clone());
    let control = runner.control();
    let planned = runner.plan()?;
    // The time in half precision is measured too, because it is the price of the memory that is saved.
    let seconds_in_half = match in_half {
        true => planned.plan.seconds(),
        false => {
            spec.run.half = true;
            let runner = Runner::new(Task::Stylize(spec)).models(models::open).controlled_by(&control);
            runner.plan()?.plan.seconds()
        }
    };
    let (plan, half, threads) = (&planned.plan, planned.peak_bytes_in_half, planned.threads);
    let enlarged = enlarged(&planned);
    if args.json {
        let mut object = json!(plan);
        object["seconds"] = json!(plan.seconds());
        object["peak_bytes_in_half"] = json!(half);
        object["seconds_in_half"] = json!(seconds_in_half);
        object["enlarged"] = json!(enlarged);
        object["checkpoint_bytes"] = json!(plan.checkpoint_bytes());
        object["threads"] = json!(threads);
        object["instruction_set"] = json!(planned.instruction_set);
        return line(&object.to_string());
    }
    line("scale  size          iterations  run                            memory      checkpoint  time")?;
    for (index, scale) in plan.scales.iter().enumerate() {
        line(&format!(
            "{:<6} {:<13} {:<11} {:<30} {:<11} {:<11} {}",
            format!("{}/{}", index + 1, plan.scales.len()),
            format!("{}x{}", scale.width, scale.height),
            scale.iterations,
            how(scale),
            bytes(scale.peak_bytes).to_string(),
            bytes(scale.checkpoint_bytes).to_string(),
            scale.seconds.map(time).unwrap_or_default(),
        ))?;
    }
    let total = plan.seconds().map(time).unwrap_or_default();
    line(&format!("peak memory {}, about {total} on {} threads", bytes(plan.peak_bytes), threads))?;
    if !in_half {
        let time = seconds_in_half.map(time).unwrap_or_default();
        line(&format!("with --half: {}, about {time}", bytes(half)))?;
    }
    let spilled = plan.scales.iter().map(|scale| scale.spilled_bytes).max().unwrap_or(0);
    if spilled > 0 {
        let state = if plan.scales.iter().any(|scale| scale.streamed) { " and optimiser state" } else { "" };
        line(&format!("{} of content targets{state} go to temporary files", bytes(spilled)))?;
    }
    if let (true, Some((width, height))) = (enlarged > NOTABLE, planned.content) {
        line(&format!(
            "the content has {width}x{height} pixels and is enlarged {enlarged:.1} times: strokes will be sharp, its \
             details will not; --size {} keeps its own size",
            width.max(height)
        ))?;
    }
    Ok(())
}

/// The enlargement of a content from which it is worth a line.
const NOTABLE: f64 = 1.05;

/// The long edge of the result relative to that of the content.
fn enlarged(planned: &Planned) -> f64 {
    let result = planned.plan.scales.last().map_or(1, |scale| scale.width.max(scale.height));
    let content = planned.content.map_or(result, |(width, height)| width.max(height));
    result as f64 / content.max(1) as f64
}

fn how(scale: &ScalePlan) -> String {
    match scale.tiles {
        (1, 1) => "whole".into(),
        (across, down) => format!("{across} x {down} tiles, overlap {} px", scale.overlap),
    }
}

fn bytes(count: usize) -> DecimalBytes {
    DecimalBytes(count as u64)
}

/// Formats a duration in its largest unit.
fn time(seconds: f64) -> String {
    HumanDuration(Duration::from_secs_f64(seconds)).to_string()
}
