//! Many clients that come, talk and go at the same time: afterwards nothing is left of them.

use crate::kit::*;
use pancar::config::Recovery;
use pancar::{Ack, Data, Server, Socket};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const CLIENTS: usize = 24;
const LIVES: usize = 12;

/// Tells the test that a socket has ended.
type Tell = Arc<dyn Fn(()) + Send + Sync>;

#[derive(Default)]
struct Count {
    connected: AtomicUsize,
    disconnected: AtomicUsize,
    asked: AtomicUsize,
    answered: AtomicUsize,
}

fn connected(socket: Socket, count: &Arc<Count>, tell: &Tell) {
    count.connected.fetch_add(1, Ordering::Relaxed);
    socket.join(["all", "some"]).unwrap();
    let (of_end, tell) = (Arc::clone(count), Arc::clone(tell));
    socket.on_disconnect(move || {
        of_end.disconnected.fetch_add(1, Ordering::Relaxed);
        tell(());
    });
    socket.on("talk", |socket: Socket, Data(text): Data<String>| {
        socket.leave("some");
        socket.to("some").emit("talk", &text)?;
        socket.volatile().emit("echo", text)
    });
    let of_ask = Arc::clone(count);
    socket.on("ask", move |socket: Socket, server: Server| {
        let count = Arc::clone(&of_ask);
        async move {
            count.asked.fetch_add(2, Ordering::Relaxed);
            socket.emit_with_ack::<u8>("q", ()).await.ok();
            count.answered.fetch_add(1, Ordering::Relaxed);
            server.to("all").emit_with_ack("q", ()).await.ok();
            count.answered.fetch_add(1, Ordering::Relaxed);
        }
    });
    socket.on("kick", |server: Server| async move {
        let sockets = server.to("some").fetch_sockets().await?;
        if let Some(first) = sockets.first() {
            first.disconnect(sockets.len() % 2 == 0);
        }
        Ok::<_, pancar::Error>(())
    });
    socket.on("ping", |ack: Ack| ack.send(()));
}

async fn live_on_websocket(address: SocketAddr, number: usize) {
    let mut client = Client::connect(address).await;
    let mut says: Vec<String> = [
        "40",
        "40/room-1,",
        "42[\"talk\",\"x\"]",
        "42[\"ask\"]",
        "42/room-1,[\"talk\",\"y\"]",
        "41/room-1,",
        "40/room-1,",
    ]
    .map(str::to_owned)
    .into();
    says.push(["42[\"kick\"]", "41", "nonsense", "42[\"ask\"]", "1"][number % 5].to_owned());
    client.try_says_all(says).await;
    match number % 3 {
        0 => client.leaves().await,
        1 => drop(client),
        _ => client.answers_for_a_while().await,
    }
}

async fn live_on_polling(address: SocketAddr, number: usize) {
    let opened = open(address).await;
    let sid = opened.sid();
    post(address, &sid, "40\u{1e}40/room-2,\u{1e}42[\"talk\",\"x\"]\u{1e}42[\"ask\"]").await;
    poll(address, &sid).await;
    if number.is_multiple_of(2) {
        post(address, &sid, "430[1]\u{1e}41").await;
    }
    post(address, &sid, "1").await;
}

async fn storm(io: Server) {
    let (tell, mut told) = news();
    let (count, tell): (_, Tell) = (Arc::new(Count::default()), Arc::new(tell));
    io.on_connect(handler(&count, &tell));
    io.of_pattern("/room-{n}").unwrap().on_connect(handler(&count, &tell));
    let address = serve(&io);
    let clients = (0..CLIENTS).map(|client| {
        tokio::spawn(async move {
            for life in 0..LIVES {
                let number = client * LIVES + life;
                if number.is_multiple_of(4) {
                    live_on_polling(address, number).await
                } else {
                    live_on_websocket(address, number).await
                }
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    // Whoever hangs would be found by a ping that is not answered; here all have gone by themselves.
    while io.clients_count() > 0 || count.disconnected.load(Ordering::Relaxed) < count.connected.load(Ordering::Relaxed)
    {
        told.next().await;
    }
    while count.answered.load(Ordering::Relaxed) < count.asked.load(Ordering::Relaxed) {
        tokio::task::yield_now().await;
    }
    assert!(count.connected.load(Ordering::Relaxed) > CLIENTS * LIVES / 2);
    let main = io.of("/").unwrap();
    assert_eq!((main.sockets_count(), main.rooms_count()), (0, 0));
    soon(io.close()).await;
}

fn handler(count: &Arc<Count>, tell: &Tell) -> impl Fn(Socket) + Send + Sync + 'static {
    let (count, tell) = (Arc::clone(count), Arc::clone(tell));
    move |socket| connected(socket, &count, &tell)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_clients_that_are_gone() {
    let io = Server::builder().workers(2).build().unwrap();
    storm(io.clone()).await;
    assert_eq!(io.namespaces().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_they_may_come_back() {
    storm(Server::builder().workers(2).connection_state_recovery(Recovery::default()).build().unwrap()).await;
}
