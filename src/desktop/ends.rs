//! How the system asks a program to end.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Listens to the signals that ask a program to end, which end it no more by themselves. Must be
/// called within a tokio runtime; an error is what the system said.
pub fn asked() -> std::io::Result<mpsc::Receiver<()>> {
    let (sender, receiver) = mpsc::channel(1);
    for kind in [
        SignalKind::terminate(),
        SignalKind::hangup(),
        SignalKind::interrupt(),
    ] {
        let mut stream = signal(kind)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                if sender.send(()).await.is_err() {
                    return;
                }
            }
        });
    }
    Ok(receiver)
}
