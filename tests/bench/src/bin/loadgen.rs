//! Loads a running server with one scenario and prints one JSON line.

use std::process::ExitCode;

use pancar_bench::args::{Args, USAGE};
use pancar_bench::{process, scenario};

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(problem) => {
            eprintln!("loadgen: {problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let report = process::raise_file_limit().and_then(|_| scenario::run(&args));
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            eprintln!("loadgen: {}: {error}", args.scenario);
            return ExitCode::from(3);
        }
    };
    match serde_json::to_string(&report) {
        Ok(line) => println!("{line}"),
        Err(error) => {
            eprintln!("loadgen: {error}");
            return ExitCode::from(3);
        }
    }
    ExitCode::from(u8::from(args.strict && !report.is_clean()))
}
