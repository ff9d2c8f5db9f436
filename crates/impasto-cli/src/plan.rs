//! `impasto plan`: shows the memory and the time that a run will take, before it begins.

use std::path::PathBuf;
use std::time::Duration;

use impasto::ScalePlan;
use impasto_job::spec::StylizeSpec;
use indicatif::{DecimalBytes, HumanDuration};
use serde_json::json;

use crate::args::PlanArgs;
use crate::failure::Failure;
use crate::jobs::planner;
use crate::output::line;

pub(crate) fn run(args: PlanArgs) -> Result<(), Failure> {
    let mut spec = StylizeSpec::new(args.content, args.style, PathBuf::from("out.png"));
    (spec.run, spec.regions, spec.input) = (args.run, args.regions, args.input);
    let in_half = spec.run.half;
    let planned = planner(spec).plan()?;
    let (plan, half, threads) = (&planned.plan, planned.peak_bytes_in_half, planned.threads);
    if args.json {
        let mut object = json!(plan);
        object["seconds"] = json!(plan.seconds());
        object["peak_bytes_in_half"] = json!(half);
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
        line(&format!("with --half: {}", bytes(half)))?;
    }
    let spilled = plan.scales.iter().map(|scale| scale.spilled_bytes).max().unwrap_or(0);
    if spilled > 0 {
        let state = if plan.scales.iter().any(|scale| scale.streamed) { " and optimiser state" } else { "" };
        line(&format!("{} of content targets{state} go to temporary files", bytes(spilled)))?;
    }
    Ok(())
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
