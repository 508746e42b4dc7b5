//! Handlers start in the order of the wire.

use crate::kit::*;
use pancar::{Data, Server, Socket};
use std::sync::{Arc, Mutex};

const MESSAGES: usize = 10_000;

/// A server whose handlers note the order in which they start, then pause.
fn noting() -> (Server, News<Vec<usize>>) {
    let io = builder().build().unwrap();
    let (tell, told) = news();
    io.on_connect(move |socket: Socket| {
        let (started, tell) = (Arc::new(Mutex::new(Vec::new())), tell.clone());
        socket.on("n", move |Data(number): Data<usize>| {
            let (started, tell) = (Arc::clone(&started), tell.clone());
            async move {
                let all = {
                    let mut started = started.lock().unwrap();
                    started.push(number);
                    (started.len() == MESSAGES).then(|| started.clone())
                };
                for _ in 0..number % 4 {
                    tokio::task::yield_now().await;
                }
                all.into_iter().for_each(tell);
            }
        });
    });
    (io, told)
}

fn in_order() -> Vec<usize> {
    (0..MESSAGES).collect()
}

#[tokio::test]
async fn of_messages_on_a_websocket() {
    let (io, mut told) = noting();
    let mut client = Client::join(serve(&io)).await;
    client.says_all((0..MESSAGES).map(|number| format!(r#"42["n",{number}]"#))).await;
    assert_eq!(told.next().await, in_order());
}

#[tokio::test]
async fn of_messages_in_posts() {
    let (io, mut told) = noting();
    let address = serve(&io);
    let sid = open(address).await.sid();
    assert_eq!(post(address, &sid, "40").await.body, "ok");
    let numbers = in_order();
    for some in numbers.chunks(2_500) {
        let packets: Vec<_> = some.iter().map(|number| format!(r#"42["n",{number}]"#)).collect();
        assert_eq!(post(address, &sid, &packets.join("\u{1e}")).await.body, "ok");
    }
    assert_eq!(told.next().await, numbers);
}

#[tokio::test]
async fn of_messages_that_came_before_the_middleware_was_done() {
    let (io, mut told) = noting();
    io.use_(|| async {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        Ok::<_, &str>(())
    });
    let mut client = Client::connect(serve(&io)).await;
    let early = (0..60).map(|number| format!(r#"42["n",{number}]"#));
    client.says_all(std::iter::once("40".to_owned()).chain(early)).await;
    assert!(client.hears().await.starts_with("40{"));
    client.says_all((60..MESSAGES).map(|number| format!(r#"42["n",{number}]"#))).await;
    assert_eq!(told.next().await, in_order());
}

#[tokio::test]
async fn of_answers_to_messages() {
    let io = builder().build().unwrap();
    io.on("n", |Data(number): Data<usize>, ack: pancar::Ack| async move { ack.send(number) });
    let mut client = Client::join(serve(&io)).await;
    for round in 0..20 {
        let numbers = round * 500..(round + 1) * 500;
        client.says_all(numbers.clone().map(|number| format!(r#"42{number}["n",{number}]"#))).await;
        for number in numbers {
            assert_eq!(client.hears().await, format!("43{number}[{number}]"));
        }
    }
}

#[tokio::test]
async fn of_what_is_emitted() {
    let io = builder().workers(2).build().unwrap();
    let address = serve(&io);
    let mut clients = vec![Client::join(address).await, Client::join(address).await, Client::join(address).await];
    for number in 0..MESSAGES {
        io.emit("n", number).unwrap();
        if number % 500 == 499 {
            for client in &mut clients {
                for number in number - 499..=number {
                    assert_eq!(client.hears().await, format!(r#"42["n",{number}]"#));
                }
            }
        }
    }
}
