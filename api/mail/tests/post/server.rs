//! A mail server that does as it is told: at each command the first act of its script for it, else what servers do.
//!
//! It listens on loopback, keeps what it heard, and ends with the test. It is no mail server: it checks nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// What is done at a command instead of answering it.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// Answer as usual.
    Pass,
    /// Answer with this.
    Say(&'static str),
    /// Answer as usual, but so much later.
    Stall(Duration),
    /// Hang up.
    Drop,
}

#[derive(Default)]
struct Seen {
    script: Vec<(&'static str, Act)>,
    commands: Vec<String>,
    mails: Vec<Vec<u8>>,
    connections: usize,
    open: usize,
    most: usize,
}

pub(crate) struct Server {
    port: u16,
    seen: Arc<Mutex<Seen>>,
    listening: AbortHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Server {
    /// The empty command is the connection itself, `.` the end of a mail. Acts for one command are done in order.
    pub(crate) async fn start(script: &[(&'static str, Act)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen { script: script.to_vec(), ..Seen::default() }));
        let shared = seen.clone();
        let listening = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { port, seen, listening: listening.abort_handle() }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A port on which nobody listens any more.
    pub(crate) async fn closed_port(&self) -> u16 {
        TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port()
    }

    pub(crate) fn mails(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap().mails.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.seen.lock().unwrap().most
    }

    pub(crate) fn heard(&self, start: &str) -> bool {
        self.seen.lock().unwrap().commands.iter().any(|command| command.starts_with(start))
    }
}

async fn serve(stream: TcpStream, seen: Arc<Mutex<Seen>>) {
    {
        let mut seen = seen.lock().unwrap();
        seen.connections += 1;
        seen.open += 1;
        seen.most = seen.most.max(seen.open);
    }
    // A peer that has gone is no failure of the script.
    let _ = dialogue(stream, &seen).await;
    seen.lock().unwrap().open -= 1;
}

async fn dialogue(stream: TcpStream, seen: &Mutex<Seen>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if !answer(&mut stream, seen, "", "220 test.example").await? {
        return Ok(());
    }
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        seen.lock().unwrap().commands.push(line.trim_end().to_owned());
        let command = line.get(..4).unwrap_or_default().to_owned();
        let usual = match command.as_str() {
            "EHLO" => "250-test.example\r\n250 8BITMIME",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 2.0.0 ok",
        };
        let goes_on = answer(&mut stream, seen, &command, usual).await?;
        if !goes_on || command == "QUIT" {
            return Ok(());
        }
        if command == "DATA" {
            let mail = read_mail(&mut stream).await?;
            seen.lock().unwrap().mails.push(mail);
            if !answer(&mut stream, seen, ".", "250 2.0.0 taken").await? {
                return Ok(());
            }
        }
    }
}

async fn answer(
    stream: &mut BufReader<TcpStream>,
    seen: &Mutex<Seen>,
    command: &str,
    usual: &str,
) -> std::io::Result<bool> {
    let act = {
        let script = &mut seen.lock().unwrap().script;
        script.iter().position(|(at, _)| *at == command).map(|place| script.remove(place).1)
    };
    let words = match act {
        Some(Act::Drop) => return Ok(false),
        Some(Act::Say(words)) => words,
        Some(Act::Stall(time)) => {
            tokio::time::sleep(time).await;
            usual
        }
        Some(Act::Pass) | None => usual,
    };
    stream.write_all(format!("{words}\r\n").as_bytes()).await?;
    Ok(true)
}

async fn read_mail(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(mail);
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
