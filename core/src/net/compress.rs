//! Compression of what the server sends. What clients send is never decompressed.

use bytes::Bytes;
use http::HeaderValue;

/// Compresses a body with what the client accepts: `gzip`, or else `deflate`.
///
/// Returns the body and its `Content-Encoding`. A body below the threshold, or one that would not get smaller, stays as
/// it is. Without the feature `compression` every body does.
#[cfg(feature = "compression")]
pub(crate) fn compress(
    body: Bytes,
    accept_encoding: Option<&HeaderValue>,
    threshold: usize,
) -> (Bytes, Option<&'static str>) {
    if body.len() < threshold {
        return (body, None);
    }
    // Answers are made once for each client and read at once, so that time counts for more than the last percents.
    let compressed = accept_encoding.and_then(Coding::accepted).and_then(|coding| {
        let smaller = coding.encode(&body, flate2::Compression::fast()).filter(|smaller| smaller.len() < body.len())?;
        Some((smaller, Some(coding.name())))
    });
    compressed.unwrap_or((body, None))
}

/// Leaves a body as it is: the feature `compression` is off.
#[cfg(not(feature = "compression"))]
pub(crate) fn compress(body: Bytes, _: Option<&HeaderValue>, _: usize) -> (Bytes, Option<&'static str>) {
    (body, None)
}

#[cfg(feature = "compression")]
pub(crate) use coding::Coding;

#[cfg(feature = "compression")]
mod coding {
    use std::io::Write as _;

    use bytes::Bytes;
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use http::HeaderValue;

    /// A coding that the server can send.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Coding {
        Gzip,
        /// The zlib format, as RFC 9110 has it.
        Deflate,
    }

    impl Coding {
        /// The name on the wire.
        pub(crate) fn name(self) -> &'static str {
            match self {
                Self::Gzip => "gzip",
                Self::Deflate => "deflate",
            }
        }

        /// The coding that an `Accept-Encoding` likes best; gzip where it likes both. None where it would rather have
        /// none.
        pub(crate) fn accepted(header: &HeaderValue) -> Option<Self> {
            let (mut gzip, mut deflate, mut identity, mut others) = (None, None, 0.0, 0.0);
            for item in header.to_str().ok()?.split(',') {
                let (coding, weight) = weighed(item);
                match coding.to_ascii_lowercase().as_str() {
                    "gzip" | "x-gzip" => gzip = Some(weight),
                    "deflate" => deflate = Some(weight),
                    "identity" => identity = weight,
                    "*" => others = weight,
                    _ => {}
                }
            }
            let (gzip, deflate) = (gzip.unwrap_or(others), deflate.unwrap_or(others));
            let (coding, weight) = if gzip >= deflate { (Self::Gzip, gzip) } else { (Self::Deflate, deflate) };
            (weight > 0.0 && weight >= identity).then_some(coding)
        }

        /// The body in this coding.
        pub(crate) fn encode(self, body: &[u8], level: Compression) -> Option<Bytes> {
            let room = Vec::with_capacity(body.len() / 4 + 64);
            let encoded = match self {
                Self::Gzip => {
                    let mut encoder = GzEncoder::new(room, level);
                    encoder.write_all(body).and_then(|()| encoder.finish())
                }
                Self::Deflate => {
                    let mut encoder = ZlibEncoder::new(room, level);
                    encoder.write_all(body).and_then(|()| encoder.finish())
                }
            };
            encoded.ok().map(Bytes::from)
        }
    }

    /// `gzip;q=0.5` as a coding and its weight. One that can't be read is 0.
    fn weighed(item: &str) -> (&str, f32) {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        (coding, if (0.0..=1.0).contains(&weight) { weight } else { 0.0 })
    }
}

#[cfg(test)]
#[cfg(feature = "compression")]
mod tests {
    use std::io::Read as _;

    use flate2::read::{GzDecoder, ZlibDecoder};

    use super::*;

    fn accepted(text: &str) -> Option<&'static str> {
        Coding::accepted(&HeaderValue::from_bytes(text.as_bytes()).unwrap()).map(Coding::name)
    }

    #[test]
    fn the_coding_that_the_client_likes_best() {
        for (text, coding) in [
            ("gzip, deflate, br", Some("gzip")),
            ("deflate, gzip", Some("gzip")),
            ("deflate", Some("deflate")),
            ("gzip;q=0.5, deflate", Some("deflate")),
            ("gzip;q=0, deflate;q=0.1", Some("deflate")),
            ("GZIP", Some("gzip")),
            ("x-gzip", Some("gzip")),
            ("*", Some("gzip")),
            ("*;q=0.5, gzip;q=0", Some("deflate")),
            ("gzip ; Q=1.0", Some("gzip")),
            ("gzip;q=0.5, identity", None),
            ("gzip, identity;q=0.5", Some("gzip")),
            ("gzip;q=0", None),
            ("gzip;q=nan", None),
            ("gzip;q=inf", None),
            ("gzip;q=2", None),
            ("gzip;q=-1", None),
            ("gzip;q=", None),
            ("*;q=0", None),
            ("br, zstd", None),
            ("identity", None),
            ("", None),
            (",;,q=1", None),
            ("gzip, \u{e4}", None),
        ] {
            assert_eq!(accepted(text), coding, "{text}");
        }
    }

    #[test]
    fn bodies_come_back() {
        let body = Bytes::from("4hello, world".repeat(1_000));
        let (gzip, name) = compress(body.clone(), Some(&HeaderValue::from_static("gzip")), 1024);
        let mut text = Vec::new();
        GzDecoder::new(&gzip[..]).read_to_end(&mut text).unwrap();
        assert_eq!((name, &text[..]), (Some("gzip"), &body[..]));
        assert!(gzip.len() < body.len() / 10);

        let (zlib, name) = compress(body.clone(), Some(&HeaderValue::from_static("deflate")), 1024);
        text.clear();
        ZlibDecoder::new(&zlib[..]).read_to_end(&mut text).unwrap();
        assert_eq!((name, &text[..]), (Some("deflate"), &body[..]));
    }

    #[test]
    fn what_is_not_worth_it_stays_as_it_is() {
        let gzip = HeaderValue::from_static("gzip");
        let body = Bytes::from("a".repeat(1024));
        assert_eq!(compress(body.clone(), Some(&gzip), 1024).1, Some("gzip"));
        assert_eq!(compress(body.clone(), Some(&gzip), 1025), (body.clone(), None));
        assert_eq!(compress(body.clone(), None, 0), (body.clone(), None));
        let small = Bytes::from_static(b"4a");
        assert_eq!(compress(small.clone(), Some(&gzip), 0), (small, None));
        assert_eq!(compress(Bytes::new(), Some(&gzip), 0), (Bytes::new(), None));
    }
}

#[cfg(all(test, not(feature = "compression")))]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_compressed() {
        let body = Bytes::from("a".repeat(5_000));
        assert_eq!(compress(body.clone(), Some(&HeaderValue::from_static("gzip")), 0), (body, None));
    }
}
