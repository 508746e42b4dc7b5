//! The scenarios. A new one is a module with a `run` and a line in [`run`].

mod broadcast;
mod echo;
mod idle;

use std::io;

use crate::args::Args;
use crate::flow::Report;

/// Runs the scenario that `args` name.
pub fn run(args: &Args) -> io::Result<Report> {
    match args.scenario.as_str() {
        "echo" => echo::run(args),
        "broadcast" => broadcast::run(args),
        "idle" => idle::run(args),
        unknown => Err(io::Error::other(format!("no scenario {unknown}"))),
    }
}
