//! `impasto bench`: how fast evaluations are on this machine.

use impasto::engine::Cpu;
use impasto::{Benchmark, LARGEST_SIZE};
use serde_json::json;

use crate::args::BenchArgs;
use crate::failure::Failure;
use crate::interrupt::cancel_on_signal;
use crate::output::{line, peak_rss_bytes};

pub(crate) fn run(args: BenchArgs) -> Result<(), Failure> {
    if args.size > LARGEST_SIZE {
        return Err(Failure::bad_input(format!(
            "--size: expected at most {LARGEST_SIZE}, found {}",
            args.size
        )));
    }
    let encoder = impasto::encoder::open(&args.model)?;
    let cancel = cancel_on_signal();
    let pool = impasto::thread_pool(args.threads)?;
    let threads = pool.current_num_threads();
    let bench = pool.install(|| Benchmark::run(&encoder, args.size, args.iterations, cancel))?;
    let seconds = bench.median();
    let megapixels = (bench.width * bench.height) as f64 / 1e6 / seconds;
    let gflops = bench.flops / 1e9 / seconds;
    if args.json {
        let result = json!({
            "seconds_per_evaluation": seconds,
            "megapixels_per_second": megapixels,
            "gflops": gflops,
            "peak_rss_bytes": peak_rss_bytes(),
            "threads": threads,
            "model": args.model,
            "width": bench.width,
            "height": bench.height,
            "iterations": args.iterations,
            "instruction_set": Cpu::instruction_set(),
        });
        line(&result.to_string())?;
    } else {
        line(&format!(
            "{} at {}x{}, {threads} threads, {}",
            args.model,
            bench.width,
            bench.height,
            Cpu::instruction_set()
        ))?;
        line(&format!("{seconds:.4} s per evaluation (median of {})", args.iterations))?;
        line(&format!("{megapixels:.3} megapixels/s, {gflops:.1} GFLOP/s counted as direct convolutions"))?;
        if let Some(bytes) = peak_rss_bytes() {
            line(&format!("{:.0} MB peak memory", bytes as f64 / 1e6))?;
        }
    }
    Ok(())
}
