//! App `engine`: a bare Engine.IO server that sends back what it gets.

use crate::options;
use pancar::Result;
use pancar::engine::{Application, Connection, Engine, Message};

struct Echo;

impl Application for Echo {
    fn message(&self, connection: &Connection, message: Message) {
        connection.send(message);
    }
}

/// The server.
///
/// # Errors
/// An option that the environment sets wrongly.
pub fn server() -> Result<Engine> {
    Engine::new(options::conformance("/engine.io/")?, Echo)
}
