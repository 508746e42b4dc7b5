//! WebSockets: those that begin a session, those that a polling session moves to, and those that a host carries.

use super::{Endpoint, Head, context, open_packet};
use crate::error::Reason;
use crate::hub::peer::{Peer, ProbeSerial};
use crate::hub::shard::Shard;
use crate::net::answer::Answer;
use crate::net::websocket::Connection;
use crate::net::{cors, upgrade};
use crate::proto::connection::{Input, Verdict};
use crate::proto::route::{Refusal, Route};
use crate::proto::session::Transport;
use crate::wire::frame::Burst;
use http::request::Parts;
use hyper::upgrade::OnUpgrade;
use std::sync::Arc;
use std::time::Instant;

impl Endpoint {
    pub(super) async fn open_websocket(&self, head: &Head, upgrade: Option<OnUpgrade>) -> Answer {
        let mut answer = match self.check_upgrade(head) {
            Ok(answer) => answer,
            Err(answer) => return *answer,
        };
        let Some(upgrade) = upgrade else {
            return self.refuse(Refusal::BadRequest, "the connection cannot be upgraded", head);
        };
        let peer = match self.new_websocket(head).await {
            Ok(peer) => peer,
            Err(answer) => return answer,
        };
        if let Some(edit) = &self.hooks.initial_headers {
            edit(answer.headers_mut(), peer.handshake());
        }
        let busy = head.parts.extensions.get::<Arc<Shard>>().unwrap_or(peer.shard()).busy();
        tokio::spawn(async move {
            let _busy = busy;
            match upgrade.await {
                Ok(upgraded) => {
                    let (stream, early) = upgrade::unwrap(upgraded);
                    peer.announce();
                    Connection::new(peer, stream, early, None).run().await;
                }
                Err(_) => peer.fail(Reason::TransportClose, "the client went away during the handshake"),
            }
        });
        answer
    }

    /// A session that begins on a WebSocket; its first packet is queued.
    async fn new_websocket(&self, head: &Head) -> Result<Arc<Peer>, Answer> {
        let peer = self.new_peer(head, Transport::WebSocket).await?;
        let packet = open_packet(&peer, Transport::WebSocket);
        peer.push_alone(Burst::text(&[packet.as_bytes()]));
        Ok(peer)
    }

    /// Takes a WebSocket whose frames somebody else reads and writes; its handshake has been judged there, except for the
    /// origin. The peer, and where its session polls so far the number of the WebSocket among those that probe.
    ///
    /// # Errors
    /// The answer to a request that is refused.
    pub async fn accept_messages(&self, parts: Parts) -> Result<(Arc<Peer>, Option<ProbeSerial>), Answer> {
        let head = self.head(parts);
        self.take_messages(&head).await.map_err(|answer| self.dress(answer, &head))
    }

    async fn take_messages(&self, head: &Head) -> Result<(Arc<Peer>, Option<ProbeSerial>), Answer> {
        let parts = &head.parts;
        let route = Route::parse(&parts.method, parts.uri.query().unwrap_or(""), true, self.hub.config());
        let route = route.map_err(|refusal| self.refuse(refusal, context(refusal), head))?;
        if !cors::origin_is_legal(&parts.headers) {
            return Err(self.refuse(Refusal::BadRequest, "illegal characters in Origin", head));
        }
        if !cors::websocket_origin_allowed(self.hub.config(), &parts.headers, &head.address) {
            return Err(self.refuse(Refusal::Forbidden, "the origin is not allowed", head));
        }
        match route {
            Route::Open(_) => Ok((self.new_websocket(head).await?, None)),
            Route::Poll(sid) | Route::Post(sid) | Route::Upgrade(sid) | Route::BadMethod(sid) => {
                let peer = self.hub.peer(sid.as_str());
                let peer = peer.ok_or_else(|| self.refuse(Refusal::UnknownSid, "no such session", head))?;
                let serial = self.begin_probe(&peer, head).map_err(|answer| *answer)?;
                Ok((peer, Some(serial)))
            }
        }
    }

    fn begin_probe(&self, peer: &Arc<Peer>, head: &Head) -> Result<ProbeSerial, Box<Answer>> {
        peer.begin_probe(Instant::now()).map_err(|verdict| match verdict {
            Verdict::Unknown => self.refuse(Refusal::UnknownSid, "no such session", head).into(),
            _ => self.refuse(Refusal::BadRequest, "the session does not take a WebSocket now", head).into(),
        })
    }

    fn check_upgrade(&self, head: &Head) -> Result<Answer, Box<Answer>> {
        if !cors::websocket_origin_allowed(self.hub.config(), &head.parts.headers, &head.address) {
            return Err(self.refuse(Refusal::Forbidden, "the origin is not allowed", head).into());
        }
        upgrade::accept(&head.parts.method, &head.parts.headers)
            .inspect_err(|_| self.report(Refusal::BadRequest, "no legal WebSocket handshake", head))
    }

    /// A WebSocket for a session that exists.
    pub(super) fn probe(&self, peer: Arc<Peer>, head: &Head, upgrade: Option<OnUpgrade>) -> Answer {
        let Some(upgrade) = upgrade else {
            return self.refuse(Refusal::BadRequest, "the connection cannot be upgraded", head);
        };
        let answer = match self.check_upgrade(head) {
            Ok(answer) => answer,
            Err(answer) => return *answer,
        };
        let serial = match self.begin_probe(&peer, head) {
            Ok(serial) => serial,
            Err(answer) => return *answer,
        };
        let busy = head.parts.extensions.get::<Arc<Shard>>().unwrap_or(peer.shard()).busy();
        tokio::spawn(async move {
            let _busy = busy;
            match upgrade.await {
                Ok(upgraded) => {
                    let (stream, early) = upgrade::unwrap(upgraded);
                    Connection::new(peer, stream, early, Some(serial)).run().await;
                }
                Err(_) => peer.probe_input(serial, Input::ProbeEnded, Instant::now()),
            }
        });
        answer
    }
}
