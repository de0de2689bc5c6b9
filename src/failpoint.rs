//! Places where a test may kill the process, to prove that a crash there loses nothing.
//!
//! In a debug build, `CHAPERON_ABORT_AT=N` aborts the process when the N-th step is reached: no
//! destructor runs, no buffer is flushed, as with `kill -9`. A release build has none of it.

/// Marks a step: a commit that is durable, or a network call that has ended.
#[cfg(debug_assertions)]
pub fn step() {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static ABORT_AT: LazyLock<Option<u64>> =
        LazyLock::new(|| std::env::var("CHAPERON_ABORT_AT").ok()?.parse().ok());
    static REACHED: AtomicU64 = AtomicU64::new(0);

    if let Some(abort_at) = *ABORT_AT
        && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == abort_at
    {
        std::process::abort();
    }
}

/// Marks a step: a commit that is durable, or a network call that has ended.
#[cfg(not(debug_assertions))]
#[inline]
pub fn step() {}
