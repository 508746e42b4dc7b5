//! The serde seam: values become JSON and attachments, and come back.
//!
//! Byte buffers (whatever calls `serialize_bytes`: `bytes::Bytes`, `serde_bytes`) travel outside of
//! the JSON text. In it stands `{"_placeholder":true,"num":k}` for the k-th attachment.

mod de;
#[cfg(test)]
mod differential;
mod key;
mod reader;
mod ser;
#[cfg(test)]
mod tests;

pub use de::{decode_args, decode_value};
pub use ser::{Encoded, encode_args, encode_value};
