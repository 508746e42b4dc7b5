//! What happened to a peer, told to the sink in order, by one thread at a time.

use super::Peer;
use crate::error::Reason;
use crate::hub::event::{Event, Message};
use crate::hub::registry::Hub;
use crate::hub::shard::Turn;
use crate::hub::socket::Socket;
use crate::ids::AckId;
use crate::payload::Payload;
use crate::proto::client::Ticket;
use crate::wire::text::Text;
use std::collections::VecDeque;
use std::sync::Arc;

/// What is to be told of a peer, in order.
#[derive(Debug)]
pub(super) enum Step {
    Join { ticket: Ticket, namespace: Text, auth: Text },
    Event(Event),
    Message(Message),
    Ack { socket: Arc<Socket>, id: AckId, args: Payload },
    Left { socket: Arc<Socket>, reason: Reason, detail: &'static str },
    Closed(Reason),
}

impl Peer {
    /// Tells what is to be told, unless another thread (or a caller further up on this one) is doing so.
    pub fn pump(self: &Arc<Self>) {
        let _turn = Turn::begin();
        let mut batch = VecDeque::new();
        let mut mine = false;
        loop {
            {
                let mut machine = self.machine.lock();
                if machine.pumping && !mine {
                    return;
                }
                machine.pumping = !machine.steps.is_empty() || !machine.urgent.is_empty();
                if !machine.pumping {
                    return;
                }
                mine = true;
                std::mem::swap(&mut batch, &mut machine.steps);
                std::mem::take(&mut machine.urgent).into_iter().rev().for_each(|step| batch.push_front(step));
            }
            while let Some(step) = batch.pop_front() {
                let joins = matches!(step, Step::Join { .. });
                self.tell(step);
                if joins {
                    let urgent = std::mem::take(&mut self.machine.lock().urgent);
                    urgent.into_iter().rev().for_each(|step| batch.push_front(step));
                }
            }
        }
    }

    fn tell(self: &Arc<Self>, step: Step) {
        match step {
            Step::Message(message) => {
                if message.socket.is_connected() {
                    self.hub.sink().push(Event::Message(message));
                }
            }
            Step::Ack { socket, id, args } => socket.acknowledged(id, args),
            Step::Join { ticket, namespace, auth } => Hub::join(self, ticket, namespace, auth),
            Step::Event(event) => self.hub.sink().push(event),
            Step::Left { socket, reason, detail } => socket.left(reason, detail),
            Step::Closed(reason) => {
                if !self.hub.speaks_socket_io() {
                    self.hub.sink().push(Event::Closed(Arc::clone(self), reason));
                }
            }
        }
    }
}
