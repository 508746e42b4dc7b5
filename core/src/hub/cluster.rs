//! What concerns the sockets of a namespace on every server of the cluster.

use crate::error::Result;
use crate::hub::adapter::{Publish, SocketInfo};
use crate::hub::namespace::Namespace;
use crate::hub::shard::BoxFuture;
use crate::hub::target::{Flags, Target};
use crate::payload::Payload;
use crate::wire::text::Text;

impl Namespace {
    fn publish(&self, flags: Flags, message: Publish<'_>) {
        if !flags.local
            && let Some(hub) = self.hub()
        {
            hub.adapter().publish(self.name(), message);
        }
    }

    /// Puts the sockets that a target means into rooms.
    ///
    /// # Errors
    /// The first error of a socket of this server, after the others have joined.
    pub fn sockets_join(&self, target: &Target, flags: Flags, rooms: &[Text]) -> Result<()> {
        self.publish(flags, Publish::Join { target, rooms });
        self.sockets_join_local(target, rooms)
    }

    /// Takes the sockets that a target means out of rooms.
    pub fn sockets_leave(&self, target: &Target, flags: Flags, rooms: &[Text]) {
        self.publish(flags, Publish::Leave { target, rooms });
        self.sockets_leave_local(target, rooms);
    }

    /// Disconnects the sockets that a target means; `close` ends their connections.
    pub fn disconnect_sockets(&self, target: &Target, flags: Flags, close: bool) {
        self.publish(flags, Publish::Disconnect { target, close });
        self.disconnect_sockets_local(target, close);
    }

    /// What is known of the sockets that a target means; those of this server are asked at once.
    ///
    /// # Errors
    /// [`ErrorKind::Adapter`](crate::ErrorKind::Adapter) when other servers do not answer.
    pub fn fetch_sockets(&self, target: &Target, flags: Flags) -> BoxFuture<Result<Vec<SocketInfo>>> {
        let mut infos = self.infos(target);
        let Some(hub) = self.hub().filter(|_| !flags.local) else { return Box::pin(std::future::ready(Ok(infos))) };
        let others = hub.adapter().fetch_sockets(self.name(), target, flags);
        Box::pin(async move {
            infos.extend(others.await?);
            Ok(infos)
        })
    }

    /// Sends an event to the program on the other servers.
    pub fn server_side_emit(&self, name: &str, args: &Payload) {
        self.publish(Flags::default(), Publish::ServerSideEmit { name, args });
    }

    /// Sends an event to the program on the other servers and collects their answers.
    ///
    /// # Errors
    /// [`ErrorKind::Adapter`](crate::ErrorKind::Adapter) when servers do not answer.
    pub fn server_side_emit_with_ack(&self, name: &str, args: &Payload) -> BoxFuture<Result<Vec<Payload>>> {
        match self.hub() {
            Some(hub) => hub.adapter().server_side_emit_with_ack(self.name(), name, args),
            None => Box::pin(std::future::ready(Ok(Vec::new()))),
        }
    }
}
