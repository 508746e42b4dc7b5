//! `idle`: what a connection costs that joined `/` and says nothing; one unit is one connection opened.

use std::io;
use std::time::Duration;

use crate::args::Args;
use crate::connection::Quiet;
use crate::flow::{Idle, Report};
use crate::pool::Pool;
use crate::process::Process;

/// Connections that come and go before the base line, so that what a server allocates once is not counted.
const WARM_UP: usize = 200;
/// Time for the server to finish what it does after the last connection came or went.
const SETTLE: Duration = Duration::from_secs(1);

pub(super) fn run(args: &Args) -> io::Result<Report> {
    let process = Process::new(args.pid)?;
    let mut pool = Pool::new(args.target())?;
    let quiet = &mut Quiet;
    pool.open(WARM_UP, quiet)?;
    pool.run_for(Duration::from_millis(200), quiet)?;
    pool.close_all();
    pool.run_for(SETTLE, quiet)?;

    let before = process.memory()?;
    let whole = process.window()?;
    let window = process.window()?;
    pool.open(args.connections, quiet)?;
    let opening = window.end(&process)?;
    pool.run_for(SETTLE, quiet)?;
    let after = process.memory()?;

    let window = process.window()?;
    pool.run_for(args.window, quiet)?;
    let idling = window.end(&process)?;
    let whole = whole.end(&process)?;
    let each = |after: u64, before: u64| (after as f64 - before as f64) / args.connections as f64;
    Ok(Report {
        memory: after,
        closed: pool.gone(),
        // Opening is too short for the 10 ms ticks that this comes from.
        other_cores: whole.other_cores(),
        idle: Some(Idle {
            rss_kib_per_connection: each(after.rss, before.rss),
            anonymous_kib_per_connection: each(after.anonymous, before.anonymous),
            idle_cpu_ms_per_s: idling.server.as_secs_f64() * 1e3 / idling.wall.as_secs_f64(),
        }),
        ..Report::of(args, "connection opened", args.connections as u64, opening)
    })
}
