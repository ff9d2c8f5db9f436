//! `impasto bench`: measures the speed of evaluations on this machine.

use impasto::{Benchmark, LARGEST_SIZE, Preset};
use impasto_job::memory::peak_rss_bytes;
use serde_json::json;

use crate::args::BenchArgs;
use crate::failure::Failure;
use crate::interrupt::control_on_signal;
use crate::output::{line, say};

pub(crate) fn run(args: BenchArgs) -> Result<(), Failure> {
    if args.size > LARGEST_SIZE {
        return Err(Failure::bad_input(format!(
            "--size: expected at most {LARGEST_SIZE}, found {}",
            args.size
        )));
    }
    let preset = Preset::named(&args.preset)?;
    let encoder = crate::models::open(&args.model)?;
    let cancel = control_on_signal().flag();
    let pool = impasto::thread_pool(args.threads)?;
    let threads = pool.current_num_threads();
    let bench = pool.install(|| {
        let device = args.device.as_deref().unwrap_or("cpu");
        Benchmark::on(device, &encoder, preset, (args.size, args.iterations), cancel)
    })?;
    bench.note.iter().for_each(|note| say(note));
    let seconds = bench.median();
    let megapixels = (bench.width * bench.height) as f64 / 1e6 / seconds;
    let gflops = bench.flops / 1e9 / seconds;
    if args.json {
        let result = json!({
            "seconds_per_evaluation": seconds,
            "megapixels_per_second": megapixels,
            "gflops": gflops,
            "peak_rss_bytes": peak_rss_bytes(),
            "planned_bytes": bench.planned_bytes,
            "kernel_bytes": bench.kernel_bytes,
            "threads": threads,
            "model": args.model,
            "preset": args.preset,
            "width": bench.width,
            "height": bench.height,
            "iterations": args.iterations,
            "instruction_set": bench.instruction_set,
            "layers": bench.layers.iter().map(|layer| json!({
                "name": layer.name,
                "forward_seconds": layer.forward,
                "backward_seconds": layer.backward,
                "flops": layer.flops,
            })).collect::<Vec<_>>(),
            "seconds": bench.seconds,
            "moments_seconds": bench.moments,
            "judging_seconds": bench.rest,
        });
        line(&result.to_string())?;
    } else {
        line(&format!(
            "{} at {}x{}, {threads} threads, {}",
            args.model, bench.width, bench.height, bench.instruction_set
        ))?;
        line(&format!("{seconds:.4} s per evaluation (median of {})", args.iterations))?;
        line(&format!("{megapixels:.3} megapixels/s, {gflops:.1} GFLOP/s counted as direct convolutions"))?;
        if let Some(bytes) = peak_rss_bytes() {
            let (planned, kernels) = (bench.planned_bytes as f64 / 1e6, bench.kernel_bytes as f64 / 1e6);
            let evaluations = format!("{planned:.0} MB for evaluations and {kernels:.0} MB for kernels");
            let peak = bytes as f64 / 1e6;
            line(&match bench.moments {
                Some(_) => format!("{peak:.0} MB peak memory, of which {evaluations}"),
                None => format!("{peak:.0} MB peak memory; on the card {evaluations}"),
            })?;
        }
        if args.layers && bench.layers.is_empty() {
            line("only processors tell the times of single layers")?;
        } else if args.layers {
            print_layers(&bench)?;
        }
    }
    Ok(())
}

/// Prints the milliseconds of each convolution in both directions, and its rate.
fn print_layers(bench: &Benchmark) -> Result<(), Failure> {
    line("")?;
    line("convolution  forward   GFLOP/s  backward   GFLOP/s")?;
    // If two convolutions run together, the second line has the time of both.
    let mut carried = 0.0;
    for layer in &bench.layers {
        let flops = layer.flops + carried;
        let column = |seconds: f64| match seconds > 1e-6 {
            true => format!("{:7.2} ms {:8.0}", 1e3 * seconds, flops / seconds / 1e9),
            false => format!("{:>19}", "with the next"),
        };
        line(&format!("{:10} {} {}", layer.name, column(layer.forward), column(layer.backward)))?;
        carried = if layer.forward > 1e-6 { 0.0 } else { flops };
    }
    for (name, seconds) in [("moments", bench.moments), ("judging", bench.rest)] {
        seconds.map_or(Ok(()), |seconds| line(&format!("{name}    {:7.2} ms", 1e3 * seconds)))?;
    }
    Ok(())
}
