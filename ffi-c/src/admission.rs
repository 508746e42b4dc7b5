//! Who may join: connection middleware, at once or later.

use crate::args::pancar_args;
use crate::dispatch;
use crate::event::Refusal;
use crate::guard::{Done, Failure, guard, last_message, status_of};
use crate::handle::{TOKENS, pancar_token};
use crate::listeners::Entry;
use crate::namespace::Middleware;
use crate::server::Server;
use crate::socket;
use crate::status::{
    PANCAR_DISCONNECTED, PANCAR_INVALID_HANDLE, PANCAR_OK, PANCAR_PENDING, PANCAR_REFUSED, pancar_status,
};
use crate::view::{pancar_str, place, shared};
use pancar_core::host::{Event, JoinRequest, Task};
use parking_lot::Mutex;
use std::mem::MaybeUninit;
use std::sync::{Arc, Weak};

/// The words for a client whose middleware failed without a word of its own.
const FAILED: &str = "Internal server error";

/// A client that asks to join; lives until the middleware returns.
pub struct pancar_admission(Mutex<Said>);

#[derive(Default)]
struct Said {
    refusal: Option<Refusal>,
    token: Option<(pancar_token, Arc<Mutex<Token>>)>,
}

/// A client on its way through the middlewares.
pub(crate) struct Pending {
    server: Weak<Server>,
    request: JoinRequest,
    middlewares: Vec<Arc<Entry<Middleware>>>,
    next: usize,
}

/// A decision that a middleware makes later.
pub(crate) enum Token {
    /// The middleware has not returned yet.
    Asked,
    /// It was decided before that.
    Decided(Result<(), Refusal>),
    /// The client waits.
    Waiting(Pending),
    /// Nobody waits any more.
    Over,
}

impl Token {
    pub(crate) fn is_of(&self, server: &Arc<Server>) -> bool {
        matches!(self, Self::Waiting(pending) if std::ptr::eq(pending.server.as_ptr(), Arc::as_ptr(server)))
    }
}

impl Pending {
    pub(crate) fn new(server: &Arc<Server>, request: JoinRequest, middlewares: Vec<Arc<Entry<Middleware>>>) -> Self {
        Self { server: Arc::downgrade(server), request, middlewares, next: 0 }
    }

    /// Asks the middlewares that are left, inside dispatch.
    pub(crate) fn go_on(mut self) {
        while let Some(middleware) = self.middlewares.get(self.next).cloned() {
            self.next += 1;
            let Some(callback) = middleware.claim() else { continue };
            let Ok(state) = socket::state(self.request.socket()) else { continue };
            let admission = pancar_admission(Mutex::default());
            let pointer = std::ptr::from_ref(&admission).cast_mut();
            let status = (callback.call)(state.handle(), pointer, callback.pointer());
            let said = admission.0.into_inner();
            match (status, said.token) {
                (PANCAR_PENDING, Some((_, token))) => {
                    let mut token = token.lock();
                    match std::mem::replace(&mut *token, Token::Over) {
                        Token::Decided(Ok(())) => {}
                        Token::Decided(Err(refusal)) => return self.refuse(&refusal),
                        Token::Asked => {
                            *token = Token::Waiting(self);
                            return;
                        }
                        Token::Waiting(_) | Token::Over => return self.refuse(&failed()),
                    }
                }
                (PANCAR_OK, token) => drop(token.map(|(handle, _)| TOKENS.remove(handle))),
                (status, token) => {
                    drop(token.map(|(handle, _)| TOKENS.remove(handle)));
                    let refusal = said.refusal.filter(|_| status == PANCAR_REFUSED);
                    return self.refuse(&refusal.unwrap_or_else(|| {
                        let error = last_message();
                        tracing::error!(status, error, "a connection middleware failed");
                        failed()
                    }));
                }
            }
        }
        self.let_in();
    }

    fn let_in(self) -> bool {
        let socket = Arc::clone(self.request.socket());
        let joined = self.request.accept();
        if !joined {
            dispatch::forget(&socket);
        }
        joined
    }

    fn refuse(self, refusal: &Refusal) {
        let socket = Arc::clone(self.request.socket());
        self.request.reject(&refusal.message, refusal.data.as_deref());
        dispatch::forget(&socket);
    }

    /// Decides from outside of dispatch. Middlewares that are left are asked inside of it.
    fn decide(self, decision: Result<(), Refusal>) -> Done {
        let gone = || Failure::new(PANCAR_DISCONNECTED, "the client has gone");
        if !self.request.is_pending() {
            dispatch::forget(self.request.socket());
            return Err(gone());
        }
        match decision {
            Err(refusal) => self.refuse(&refusal),
            Ok(()) if self.next < self.middlewares.len() => {
                let server = self.server.upgrade().ok_or_else(gone)?;
                let lane = socket::state(self.request.socket())?.lane();
                server.mailbox(lane)?.put(Event::Task(Task(Box::new(move || self.go_on()))));
            }
            Ok(()) => {
                if !self.let_in() {
                    return Err(gone());
                }
            }
        }
        Ok(())
    }
}

fn failed() -> Refusal {
    Refusal { message: FAILED.into(), data: None }
}

/// Refuses the client, in a middleware: `return pancar_admission_reject(...)`. The client gets the message and, where given, the
/// first argument of `data`, which holds no binary.
///
/// Returns `PANCAR_REFUSED`; another status says that it could not be done.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_admission_reject(
    admission: *mut pancar_admission,
    message: pancar_str,
    data: Option<&pancar_args>,
) -> pancar_status {
    status_of(|| {
        let refusal = Refusal::new(message, data)?;
        shared(admission, "admission")?.0.lock().refusal = Some(refusal);
        Ok(PANCAR_REFUSED)
    })
}

/// Decides later, in a middleware: `return pancar_admission_defer(...)`. The token is to be answered once, with `pancar_accept` or
/// `pancar_reject`, from any thread, even before the middleware returns. Until then the client waits.
///
/// Returns `PANCAR_PENDING`; another status says that it could not be done.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_admission_defer(
    admission: *mut pancar_admission,
    token: Option<&mut MaybeUninit<pancar_token>>,
) -> pancar_status {
    status_of(|| {
        let admission = shared(admission, "admission")?;
        let out = place(token, "token")?;
        let mut said = admission.0.lock();
        let (handle, _) = said.token.get_or_insert_with(|| {
            let handle = TOKENS.reserve();
            let token = Arc::new(Mutex::new(Token::Asked));
            TOKENS.insert(handle, Arc::clone(&token));
            (handle, token)
        });
        out.write(*handle);
        Ok(PANCAR_PENDING)
    })
}

fn decide(token: pancar_token, decision: Result<(), Refusal>) -> Done {
    let unknown = || Failure::new(PANCAR_INVALID_HANDLE, "`token` is no valid handle, or has been answered");
    let waiting = TOKENS.remove(token).ok_or_else(unknown)?;
    let before = {
        let mut waiting = waiting.lock();
        if let Token::Asked = *waiting {
            *waiting = Token::Decided(decision);
            return Ok(());
        }
        std::mem::replace(&mut *waiting, Token::Over)
    };
    match before {
        Token::Waiting(pending) => pending.decide(decision),
        _ => Err(unknown()),
    }
}

/// Lets in the client of a token; further middlewares are asked before.
///
/// Errors: `PANCAR_DISCONNECTED` when it has gone meanwhile, `PANCAR_INVALID_HANDLE` for a token that has been answered.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_accept(token: pancar_token) -> pancar_status {
    guard(|| decide(token, Ok(())))
}

/// Refuses the client of a token, as `pancar_admission_reject`.
///
/// Errors: as `pancar_accept`; the token is used up when message and data are in order.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_reject(token: pancar_token, message: pancar_str, data: Option<&pancar_args>) -> pancar_status {
    guard(|| decide(token, Err(Refusal::new(message, data)?)))
}
