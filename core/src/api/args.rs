//! Rust values as arguments, and arguments as Rust values.

use crate::error::Result;
use crate::payload::Payload;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What may be sent: any [`Serialize`], or a [`Payload`] as it is.
///
/// A tuple is several arguments, `()` is none, anything else is one. Bytes anywhere (such as [`Bytes`](crate::Bytes)) become
/// binary attachments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as the arguments of an event",
    note = "implement `serde::Serialize` for it, or send a `Payload`"
)]
pub trait IntoArgs {
    /// The arguments.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`](crate::ErrorKind::Encode) when the value has no JSON form.
    fn into_args(self) -> Result<Payload>;
}

impl<T: Serialize> IntoArgs for T {
    fn into_args(self) -> Result<Payload> {
        Payload::from_args(&self)
    }
}

impl IntoArgs for Payload {
    fn into_args(self) -> Result<Payload> {
        Ok(self)
    }
}

impl IntoArgs for &Payload {
    fn into_args(self) -> Result<Payload> {
        Ok(self.clone())
    }
}

/// What an answer may be read as: any deserialisable type, or a [`Payload`] as it came.
#[diagnostic::on_unimplemented(
    message = "the arguments of an event cannot be read as `{Self}`",
    note = "implement `serde::Deserialize` for it, or take a `Payload`"
)]
pub trait FromArgs: Sized {
    /// Reads the arguments: a tuple takes them in order, anything else is the first one.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) when they have another shape.
    fn from_args(args: Payload) -> Result<Self>;
}

impl<T: DeserializeOwned> FromArgs for T {
    fn from_args(args: Payload) -> Result<Self> {
        args.decode()
    }
}

impl FromArgs for Payload {
    fn from_args(args: Payload) -> Result<Self> {
        Ok(args)
    }
}
