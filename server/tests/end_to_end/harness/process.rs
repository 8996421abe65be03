//! The running binary.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::PATIENCE;

/// The binary.
pub(crate) const FERNPOST: &str = env!("CARGO_BIN_EXE_fernpost");

/// A process of `fernpost`. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    said: Receiver<String>,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts `fernpost` with these arguments.
    pub(crate) fn start<A: AsRef<OsStr>>(arguments: &[A]) -> Self {
        Self::spawn(Command::new(FERNPOST).args(arguments))
    }

    /// Starts a command that becomes `fernpost`.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let (stdout, stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        Self { child, said: lines(stdout), log: collect(stderr) }
    }

    /// The next line of standard output.
    ///
    /// # Panics
    /// When the process ends, or none comes in a minute; with what it logged.
    pub(crate) fn line(&self) -> String {
        match self.said.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("no line in time; the log:\n{}", self.log()),
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(Duration::from_millis(100)); // the log is another pipe
                panic!("the process ended; the log:\n{}", self.log())
            }
        }
    }

    /// What it has written to standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("nobody panics with the log").clone()
    }

    /// The number that the system knows it by.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends by itself, and gives its exit code. The whole log comes with it.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let status = wait(&mut self.child);
        std::thread::sleep(Duration::from_millis(50)); // the last lines are on their way
        (status, self.log())
    }

    /// SIGKILL, and its end.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and how it ended. The whole log comes with it.
    pub(crate) fn stop(self) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", &format!("kill -TERM {pid}")]).status();
        assert!(sent.expect("there is a shell").success(), "it ended before it was asked to");
        self.end()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _waited_already = self.child.wait();
    }
}

/// Runs `fernpost` to its end.
pub(crate) fn run<A: AsRef<OsStr>>(arguments: &[A]) -> Output {
    let mut child = Command::new(FERNPOST)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    wait(&mut child);
    child.wait_with_output().expect("its output can be read")
}

fn wait(child: &mut Child) -> ExitStatus {
    let step = Duration::from_millis(20);
    for _ in 0..PATIENCE.as_millis() / step.as_millis() {
        if let Some(status) = child.try_wait().expect("it is ours") {
            return status;
        }
        std::thread::sleep(step);
    }
    let _ended = child.kill();
    panic!("the process did not end in time");
}

fn lines(stdout: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _nobody_listens = sender.send(line);
        }
    });
    receiver
}

fn collect(mut stderr: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let log = Arc::new(Mutex::new(String::new()));
    let ours = Arc::clone(&log);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(octets @ 1..) = stderr.read(&mut buffer) {
            ours.lock()
                .expect("nobody panics with the log")
                .push_str(&String::from_utf8_lossy(&buffer[..octets]));
        }
    });
    log
}
