//! Answers of clients.

use crate::kit::*;
use pancar::{Data, ErrorKind, Reason, Server, Socket};
use std::time::{Duration, Instant};

/// A server that tells of every socket that joins.
fn meeting() -> (Server, News<Socket>) {
    let io = builder().build().unwrap();
    let (tell, told) = news();
    io.on_connect(move |socket: Socket| tell(socket));
    (io, told)
}

#[tokio::test]
async fn an_answer_is_read_as_a_rust_value() {
    let (io, mut joined) = meeting();
    let mut client = Client::join(serve(&io)).await;
    let socket = joined.next().await;
    let asking = tokio::spawn(async move {
        let pair: (i64, String) = socket.emit_with_ack("pair", (1, 2)).await.unwrap();
        let nothing: () = socket.emit_with_ack("nothing", ()).await.unwrap();
        let wrong = socket.emit_with_ack::<u8>("wrong", ()).await.unwrap_err().kind();
        let raw: pancar::Payload = socket.emit_with_ack("raw", ()).await.unwrap();
        (pair, nothing, wrong, raw.to_json_array())
    });
    for (heard, answer) in [
        (r#"420["pair",1,2]"#, r#"430[7,"x"]"#),
        (r#"421["nothing"]"#, "431[]"),
        (r#"422["wrong"]"#, r#"432["text"]"#),
        (r#"423["raw"]"#, "433[1, 2]"),
    ] {
        assert_eq!(client.hears().await, heard);
        client.says(answer).await;
    }
    let told = soon(asking).await.unwrap();
    assert_eq!(told, ((7, "x".to_owned()), (), ErrorKind::Decode, "[1, 2]".to_owned()));
}

#[tokio::test]
async fn an_event_is_sent_whether_or_not_its_answer_is_waited_for() {
    let (io, mut joined) = meeting();
    let mut client = Client::join(serve(&io)).await;
    let socket = joined.next().await;
    drop(socket.emit_with_ack::<()>("one", ()));
    drop(socket.timeout(Duration::from_secs(9)).emit_with_ack::<()>("two", String::from("x").as_str()));
    drop(io.to(socket.id().as_str()).emit_with_ack("three", ()));
    socket.emit("last", ()).unwrap();
    let heard = [client.hears().await, client.hears().await, client.hears().await, client.hears().await];
    assert_eq!(heard, [r#"420["one"]"#, r#"421["two","x"]"#, r#"422["three"]"#, r#"42["last"]"#]);
    client.says("430[]").await;
    client.says("432[]").await;
    let asked = socket.emit_with_ack::<u8>("more", ());
    assert_eq!(client.hears().await, r#"423["more"]"#);
    client.says("433[1]").await;
    assert_eq!(soon(asked).await.unwrap(), 1, "answers that nobody waits for do no harm");
    assert_eq!(socket.emit_with_ack::<()>("connect", ()).await.unwrap_err().kind(), ErrorKind::InvalidName);
    assert_eq!(io.to("x").emit_with_ack("connect", ()).await.unwrap_err().kind(), ErrorKind::InvalidName);
}

#[tokio::test]
async fn a_wait_borrows_nothing() {
    let (io, mut joined) = meeting();
    let mut client = Client::join(serve(&io)).await;
    let (one, many) = {
        let socket = joined.next().await;
        let (name, words) = (String::from("q"), String::from("words"));
        let room = socket.id().to_string();
        (socket.emit_with_ack::<u8>(&name, words.as_str()), io.to(room).emit_with_ack(&name, &words))
    };
    let (one, many) = (tokio::spawn(one), tokio::spawn(many));
    for (heard, answer) in [(r#"420["q","words"]"#, "430[7]"), (r#"421["q","words"]"#, "431[8]")] {
        assert_eq!(client.hears().await, heard);
        client.says(answer).await;
    }
    assert_eq!(soon(one).await.unwrap().unwrap(), 7);
    let outcomes = soon(many).await.unwrap().unwrap();
    assert_eq!(outcomes[0].answer.as_ref().unwrap().decode::<u8>().unwrap(), 8);
}

#[tokio::test]
async fn a_wait_fails_as_soon_as_the_client_goes() {
    let (io, mut joined) = meeting();
    let address = serve(&io);
    for politely in [true, false] {
        let mut client = Client::join(address).await;
        let socket = joined.next().await;
        let since = Instant::now();
        let asking = tokio::spawn(async move { socket.emit_with_ack::<()>("x", ()).await });
        client.hears().await;
        if politely {
            client.leaves().await;
        } else {
            drop(client);
        }
        let error = soon(asking).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Disconnected);
        assert!(since.elapsed() < Duration::from_secs(5), "not at its ping");
    }
}

#[tokio::test]
async fn a_wait_has_the_time_that_it_is_given() {
    let (io, mut joined) = meeting();
    let mut client = Client::join(serve(&io)).await;
    let socket = joined.next().await;
    let error = soon(socket.timeout(Duration::from_millis(30)).emit_with_ack::<()>("x", ())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    client.hears().await;
    client.says("430[]").await;
    let asking = tokio::spawn(async move { socket.emit_with_ack::<u8>("y", ()).await });
    assert_eq!(client.hears().await, r#"421["y"]"#);
    client.says("431[9]").await;
    assert_eq!(soon(asking).await.unwrap().unwrap(), 9, "the late answer did no harm");
}

#[tokio::test]
async fn a_broadcast_tells_of_every_client_how_it_answered() {
    let (io, mut joined) = meeting();
    let address = serve(&io);
    let (mut answers, mut silent, mut leaves) =
        (Client::join(address).await, Client::join(address).await, Client::join(address).await);
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(joined.next().await.id().clone());
    }
    let asked = io.clone();
    let asking = tokio::spawn(async move { asked.timeout(Duration::from_millis(300)).emit_with_ack("q", "?").await });
    for client in [&mut answers, &mut silent, &mut leaves] {
        assert_eq!(client.hears().await, r#"420["q","?"]"#);
    }
    answers.says("430[41]").await;
    leaves.leaves().await;
    let outcomes = soon(asking).await.unwrap().unwrap();
    let of = |id: &pancar::SocketId| outcomes.iter().find(|outcome| outcome.id == *id).unwrap();
    assert_eq!(outcomes.len(), 3);
    assert_eq!(of(&ids[0]).answer.as_ref().unwrap().decode::<u8>().unwrap(), 41);
    assert_eq!(of(&ids[1]).answer.as_ref().unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(of(&ids[2]).answer.as_ref().unwrap_err().kind(), ErrorKind::Disconnected);
    assert!(io.to("nobody").emit_with_ack("q", ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_handler_may_wait_for_answers_while_others_go_on() {
    let io = builder().build().unwrap();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| {
        socket.on("ask", |socket: Socket| async move {
            let answer: u8 = socket.emit_with_ack("question", ()).await?;
            socket.emit("thanks", answer)
        });
        socket.on("other", |socket: Socket, Data(n): Data<u8>| socket.emit("other", n));
        let tell = tell.clone();
        socket.on_disconnect(move |reason: Reason| tell(reason));
    });
    let mut client = Client::join(serve(&io)).await;
    client.says(r#"42["ask"]"#).await;
    assert_eq!(client.hears().await, r#"420["question"]"#);
    client.says(r#"42["other",1]"#).await;
    assert_eq!(client.hears().await, r#"42["other",1]"#);
    client.says("430[5]").await;
    assert_eq!(client.hears().await, r#"42["thanks",5]"#);
    client.says("41").await;
    assert_eq!(told.next().await, Reason::ClientNamespaceDisconnect);
}
