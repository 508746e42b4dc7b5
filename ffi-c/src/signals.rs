//! Signals belong to the threads of the program.

use std::mem::MaybeUninit;

/// Runs what may start threads of the server; those get no signals. So a handler of the program never runs on them, and a
/// connection that the other side closed raises no SIGPIPE.
pub(crate) fn left_to_the_program<T>(start: impl FnOnce() -> T) -> T {
    let mut all = MaybeUninit::uninit();
    let mut before = MaybeUninit::uninit();
    // SAFETY: both sets are valid places, and the first is filled before it is read.
    let blocked = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) == 0
    };
    let started = start();
    if blocked {
        // SAFETY: the call above succeeded and filled the set.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    }
    started
}
