//! What only the operating system can be asked: the one place with unsafe code.
#![allow(unsafe_code)]

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

/// Runs what may start threads of the server; those get no signals. So Python's handlers are never delayed by them, and a
/// connection that the other side closed raises no SIGPIPE.
pub(crate) fn without_signals<T>(start: impl FnOnce() -> T) -> T {
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

/// The connection of a file descriptor, which stays the caller's: a descriptor of its own.
pub(crate) fn connection_of(fd: RawFd) -> PyResult<TcpStream> {
    if fd < 0 {
        return Err(PyValueError::new_err(format!("{fd} is no file descriptor")));
    }
    // SAFETY: it is not the number that stands for none, and it is only looked at during the call; one that is not open
    // makes the copy fail.
    let copy: OwnedFd = unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned()?;
    Ok(TcpStream::from(copy))
}
