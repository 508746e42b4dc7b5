//! A client that can do little, and servers to talk to.

use futures_util::{SinkExt as _, StreamExt as _};
use pancar::{Server, ServerBuilder};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Longer than anything here may take. It only ends tests that would never end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits, but not for ever.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it takes too long")
}

/// A server on a port of its own, with one thread.
pub fn serve(io: &Server) -> SocketAddr {
    io.listen("127.0.0.1:0").unwrap()
}

pub fn builder() -> ServerBuilder {
    Server::builder().workers(1)
}

/// What happened, told by handlers to a test.
pub struct News<T>(mpsc::UnboundedReceiver<T>);

/// A way to tell a test, and its end.
pub fn news<T: Send + 'static>() -> (impl Fn(T) + Clone + Send + Sync + 'static, News<T>) {
    let (tell, told) = mpsc::unbounded_channel();
    (move |news| drop(tell.send(news)), News(told))
}

impl<T> News<T> {
    pub async fn next(&mut self) -> T {
        soon(self.0.recv()).await.expect("nobody can tell any more")
    }
}

/// A client on a WebSocket.
pub struct Client<S = TcpStream> {
    socket: WebSocketStream<S>,
    /// The handshake of the server.
    pub open: Value,
    /// The headers with which the server switched to the WebSocket.
    pub headers: ::http::HeaderMap,
}

impl Client {
    /// A client of a server, in no namespace.
    pub async fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address, &[]).await.unwrap()
    }

    pub async fn try_connect(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let stream = TcpStream::connect(address).await.unwrap();
        Self::over(stream, &address.to_string(), headers).await
    }

    /// A client that has joined `/`.
    pub async fn join(address: SocketAddr) -> Self {
        let mut client = Self::connect(address).await;
        client.joins("/").await;
        client
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// A client on a stream, or the status with which it was refused.
    pub async fn over(stream: S, host: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let url = format!("ws://{host}/socket.io/?EIO=4&transport=websocket");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match soon(tokio_tungstenite::client_async(request, stream)).await {
            Ok((socket, response)) => {
                let headers = response.headers().clone();
                let mut client = Self { socket, open: Value::Null, headers };
                let open = client.hears().await;
                client.open = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
                Ok(client)
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn says(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    pub async fn sends(&mut self, data: &'static [u8]) {
        self.socket.send(Message::binary(data)).await.unwrap();
    }

    /// Says many things in one go.
    pub async fn says_all(&mut self, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            self.socket.feed(Message::text(text)).await.unwrap();
        }
        self.socket.flush().await.unwrap();
    }

    /// Says many things, as far as the server listens.
    pub async fn try_says_all(&mut self, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            if self.socket.feed(Message::text(text)).await.is_err() {
                return;
            }
        }
        self.socket.flush().await.ok();
    }

    /// Answers what it is asked until everything that was said before has been dealt with, or the server closes.
    pub async fn answers_for_a_while(mut self) {
        self.socket.send(Message::text(r#"42999["ping"]"#)).await.ok();
        while let Some(Ok(Message::Text(text))) = soon(self.socket.next()).await {
            let id: String = text.chars().skip(2).take_while(char::is_ascii_digit).collect();
            // Either it was answered, or the server has thrown the client out.
            if text == "43999[]" || text == "41" {
                return;
            }
            if text.starts_with("42") && !id.is_empty() {
                self.socket.send(Message::text(format!("43{id}[1]"))).await.ok();
            }
        }
    }

    /// The next message of text.
    pub async fn hears(&mut self) -> String {
        match soon(self.socket.next()).await {
            Some(Ok(Message::Text(text))) => text.to_string(),
            other => panic!("no text but {other:?}"),
        }
    }

    /// The next binary message.
    pub async fn gets(&mut self) -> Vec<u8> {
        match soon(self.socket.next()).await {
            Some(Ok(Message::Binary(data))) => data.to_vec(),
            other => panic!("nothing binary but {other:?}"),
        }
    }

    /// Joins a namespace; the id of the socket.
    pub async fn joins(&mut self, namespace: &str) -> String {
        self.says(format!("40{namespace},")).await;
        let reply = self.hears().await;
        let (_, json) = reply.split_once('{').unwrap_or_else(|| panic!("{reply}"));
        let reply: Value = serde_json::from_str(&format!("{{{json}")).unwrap();
        reply["sid"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
    }

    /// Asks whether everything that was said before has been dealt with, by means of a handler named `ping` that answers.
    pub async fn is_served(&mut self) {
        self.says(r#"42999["ping"]"#).await;
        assert_eq!(self.hears().await, "43999[]");
    }

    /// Waits until the server closes; the code with which it did.
    pub async fn ends(mut self) -> Option<u16> {
        let mut code = None;
        while let Some(Ok(message)) = soon(self.socket.next()).await {
            if let Message::Close(frame) = message {
                code = frame.map(|frame| frame.code.into());
            }
        }
        code
    }

    pub async fn leaves(mut self) {
        self.socket.close(None).await.ok();
    }
}

/// The answer to a request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The private id in the answer to a handshake.
    pub fn sid(&self) -> String {
        let open: Value = serde_json::from_str(self.body.strip_prefix('0').unwrap()).unwrap();
        open["sid"].as_str().unwrap().to_owned()
    }
}

/// Asks over a connection of its own.
pub async fn ask(address: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head =
        format!("{method} {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n");
    stream.write_all(format!("{head}{lines}\r\n{body}").as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    soon(stream.read_to_end(&mut bytes)).await.unwrap();
    read(&String::from_utf8(bytes).unwrap())
}

fn read(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned()));
    Answer { status, headers: headers.collect(), body: body.to_owned() }
}

pub const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

/// Opens a session that polls.
pub async fn open(address: SocketAddr) -> Answer {
    ask(address, "GET", POLLING, &[], "").await
}

pub async fn poll(address: SocketAddr, sid: &str) -> Answer {
    ask(address, "GET", &format!("{POLLING}&sid={sid}"), &[], "").await
}

pub async fn post(address: SocketAddr, sid: &str, body: &str) -> Answer {
    ask(address, "POST", &format!("{POLLING}&sid={sid}"), &[], body).await
}
