//! The floor as a program: `PORT` from the environment (0 = any), prints `LISTENING <port>`.

use std::io;

use pancar_bench::floor::Floor;
use pancar_bench::process;

fn main() -> io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok());
    process::raise_file_limit()?;
    let floor = Floor::bind(port.unwrap_or(3000))?;
    println!("LISTENING {}", floor.port()?);
    match floor.serve()? {}
}
