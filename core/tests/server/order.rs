//! Handlers start in the order of the wire.

use crate::kit::*;
use pancar::{Data, EventName, Server, Socket};
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
async fn of_messages_whose_middlewares_pause() {
    let (io, mut told) = noting();
    io.on_connect(|socket: Socket| {
        socket.use_(|| Ok::<_, &str>(()));
        socket.use_(|Data(number): Data<usize>| async move {
            for _ in 0..number % 3 {
                tokio::task::yield_now().await;
            }
            if number < MESSAGES { Ok(()) } else { Err("too many") }
        });
    });
    let mut client = Client::join(serve(&io)).await;
    client.says_all((0..MESSAGES + 5).map(|number| format!(r#"42["n",{number}]"#))).await;
    assert_eq!(told.next().await, in_order());
}

/// A server whose middleware lets "slow" pass when it is told to, and which tells what its handlers get. The namespace
/// `/other` has no middlewares.
fn held() -> (Server, Arc<tokio::sync::Semaphore>, News<String>) {
    let io = builder().build().unwrap();
    let open = Arc::new(tokio::sync::Semaphore::new(0));
    let (tell, told) = news();
    let (opened, say) = (Arc::clone(&open), tell.clone());
    io.on_connect(move |socket: Socket| {
        let (opened, say) = (Arc::clone(&opened), say.clone());
        socket.use_(move |EventName(name): EventName| {
            let opened = Arc::clone(&opened);
            async move {
                if &*name == "slow" {
                    opened.acquire().await.map_err(|error| error.to_string())?.forget();
                }
                if &*name == "bad" { Err("bad".to_owned()) } else { Ok(()) }
            }
        });
        let [any, error, left] = [say.clone(), say.clone(), say.clone()];
        socket.on_any(move |EventName(name): EventName| any(format!("any {name}")));
        socket.on_error(move |EventName(name): EventName| error(format!("refused {name}")));
        socket.on_disconnect(move || left("left".to_owned()));
        for name in ["slow", "quick", "bad"] {
            let say = say.clone();
            socket.on(name, move |EventName(name): EventName| say(name.to_string()));
        }
    });
    io.of("/other").unwrap().on("mark", move || tell("mark".to_owned()));
    (io, open, told)
}

#[tokio::test]
async fn of_messages_behind_one_whose_middleware_pauses() {
    let (io, open, mut told) = held();
    let mut client = Client::join(serve(&io)).await;
    client.joins("/other").await;
    for round in 0..3 {
        let names = ["slow", "quick", "bad", "slow", "quick"].map(|name| format!(r#"42["{name}"]"#));
        client.says_all(names.into_iter().chain([r#"42/other,["mark"]"#.to_owned()])).await;
        assert_eq!(told.next().await, "any slow");
        assert_eq!(told.next().await, "mark", "everything has come by now, and other namespaces do not wait");
        open.add_permits(1);
        for heard in ["slow", "any quick", "quick", "any bad", "refused bad", "any slow"] {
            assert_eq!(told.next().await, heard, "round {round}");
        }
        open.add_permits(1);
        for heard in ["slow", "any quick", "quick"] {
            assert_eq!(told.next().await, heard, "round {round}");
        }
    }
}

#[tokio::test]
async fn of_messages_that_nobody_wants_any_more() {
    let (io, open, mut told) = held();
    let address = serve(&io);
    let mut client = Client::join(address).await;
    client.says_all(["slow", "quick"].map(|name| format!(r#"42["{name}"]"#))).await;
    client.leaves().await;
    assert_eq!([told.next().await, told.next().await], ["any slow", "left"]);
    open.add_permits(1);
    let mut client = Client::join(address).await;
    client.says(r#"42["quick"]"#).await;
    assert_eq!([told.next().await, told.next().await], ["any quick", "quick"]);
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
