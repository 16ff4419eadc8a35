//! Running the program and talking to it.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use tokio::runtime::{Builder, Runtime};

/// Nothing that is waited for takes longer, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A directory of its own for one test.
pub(crate) struct TestDir {
    directory: tempfile::TempDir,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl TestDir {
    pub(crate) fn new() -> TestDir {
        TestDir { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The program in this directory, with nothing of the caller's settings.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FRONTDESK_")) {
            command.env_remove(name);
        }
        command.env_remove("CARGO").env("FRONTDESK_LOG", "warn").current_dir(self.directory.path()).args(args);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        Outcome::of(self.command(args).stdin(Stdio::null()).output().unwrap())
    }

    /// Runs a command that must succeed; what it printed.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let outcome = self.run(args);
        assert_eq!(outcome.code, 0, "{args:?}: {outcome:?}");
        outcome.out
    }

    /// Runs a command with text on its standard input.
    pub(crate) fn pipe(&self, args: &[&str], text: &[u8]) -> Outcome {
        let mut command = self.command(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let text = text.to_vec();
        let writer = thread::spawn(move || drop(stdin.write_all(&text)));
        let outcome = Outcome::of(child.wait_with_output().unwrap());
        writer.join().unwrap();
        outcome
    }

    /// Starts a server on a free port; what it logs is added to [`TestDir::log`].
    pub(crate) fn serve(&self, args: &[&str]) -> ServerProcess {
        self.serve_on("127.0.0.1:0", args)
    }

    /// The same on an address of one's own.
    pub(crate) fn serve_on(&self, listen: &str, args: &[&str]) -> ServerProcess {
        let mut command = self.command(&[&["serve", "--listen", listen][..], args].concat());
        let log = File::options().create(true).append(true).open(self.path("server.log")).unwrap();
        command.stderr(log);
        ServerProcess::start(command).unwrap_or_else(|| panic!("the server does not start: {}", self.log()))
    }

    /// What servers have logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("server.log")).unwrap_or_default()
    }
}

impl Outcome {
    fn of(output: Output) -> Outcome {
        Outcome {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A running server; killed when dropped.
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) url: String,
    pub(crate) welcome: String,
    client: Client,
    runtime: Runtime,
}

impl ServerProcess {
    fn start(mut command: Command) -> Option<ServerProcess> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let mut welcome = String::new();
        // The last line of the welcome names the report.
        while !welcome.contains("report contacts") {
            let Ok(line) = lines.recv_timeout(PATIENCE) else {
                // It has ended, or hangs.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            };
            welcome = welcome + &line + "\n";
        }
        let rest = welcome.split("running on ").nth(1).expect("the first line names the address");
        let url = rest.split(',').next().unwrap().to_owned();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let client = Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        Some(ServerProcess { child, url, welcome, client, runtime })
    }

    /// Posts a body; the status and the answer.
    pub(crate) fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> (StatusCode, String) {
        let request = self.client.post(format!("{}{path}", self.url)).body(body.into());
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            (response.status(), response.text().await.unwrap())
        })
    }

    /// Gets a path; the status and the answer.
    pub(crate) fn get(&self, path: &str) -> (StatusCode, String) {
        self.get_with(path, None)
    }

    /// Gets a path with an API key.
    pub(crate) fn get_with(&self, path: &str, key: Option<&str>) -> (StatusCode, String) {
        let mut request = self.client.get(format!("{}{path}", self.url));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            (response.status(), response.text().await.unwrap())
        })
    }

    /// Posts a body and closes the connection before the answer comes.
    pub(crate) fn post_and_hang_up(&self, path: &str, body: impl Into<Vec<u8>>, after: Duration) {
        let request = self.client.post(format!("{}{path}", self.url)).body(body.into()).timeout(after);
        let answered = self.runtime.block_on(async { request.send().await });
        assert!(answered.is_err(), "the answer came first: {answered:?}");
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would, as far as a process can tell.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits for its end.
    pub(crate) fn stop(mut self, signal: &str) -> ExitStatus {
        let asked = Command::new("sh").args(["-c", &format!("kill -{signal} {}", self.child.id())]).status().unwrap();
        assert!(asked.success());
        ended(&mut self.child)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a process's end, but not for ever.
pub(crate) fn ended(child: &mut Child) -> ExitStatus {
    for _ in 0..PATIENCE.as_millis() / 10 {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("the process did not end");
}

fn lines_of(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            if send.send(line).is_err() {
                return;
            }
        }
    });
    receive
}

/// The lines of a CSV answer behind its heading.
pub(crate) fn rows(csv: &str) -> Vec<&str> {
    csv.lines().skip(1).collect()
}

/// An event that is valid.
pub(crate) fn event(id: &str) -> String {
    format!(r#"{{"_id":"{id}","timestamp":"2026-11-20T10:00:00Z","customerFeedback":{{"chatStart":1}}}}"#)
}

/// True if a file of this directory, or below it, holds these bytes.
pub(crate) fn any_file_holds(directory: &Path, bytes: &[u8]) -> Option<PathBuf> {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let found = if path.is_dir() {
            any_file_holds(&path, bytes)
        } else {
            memchr::memmem::find(&std::fs::read(&path).unwrap(), bytes).map(|_| path)
        };
        if found.is_some() {
            return found;
        }
    }
    None
}
