//! Texts and lists of texts that the caller owns.

use crate::guard::{Done, guard};
use crate::view::{pancar_str, place};
use pancar_core::Text;
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// A text that the caller owns, and frees with `pancar_text_free`.
// With a NUL behind it.
pub struct pancar_text(Box<[u8]>);

/// Texts that the caller owns, and frees with `pancar_list_free`.
pub struct pancar_list {
    /// Views into the texts, which do not move.
    items: Vec<pancar_str>,
    _texts: Vec<Text>,
}

impl pancar_text {
    fn of(text: &str) -> Box<Self> {
        Box::new(Self(text.bytes().chain([0]).collect()))
    }
}

/// Where a text goes.
pub(crate) type TextPlace<'a> = Option<&'a mut MaybeUninit<Box<pancar_text>>>;

/// Writes a text to where the caller wants it.
pub(crate) fn give(out: TextPlace<'_>, what: &'static str, text: impl FnOnce() -> Done<String>) -> i32 {
    guard(|| {
        let out = place(out, what)?;
        out.write(pancar_text::of(&text()?));
        Ok(())
    })
}

pub(crate) fn list_of(texts: Vec<Text>) -> Box<pancar_list> {
    Box::new(pancar_list { items: texts.iter().map(|text| pancar_str::of(text)).collect(), _texts: texts })
}

/// The text as a view that lives until it is freed; NULL gives the empty one.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_text_str(text: Option<&pancar_text>) -> pancar_str {
    text.map_or(pancar_str::EMPTY, |text| pancar_str { data: text.0.as_ptr().cast(), len: text.0.len() - 1 })
}

/// The text NUL-terminated, until it is freed; NULL gives the empty one. For C a text that holds a NUL ends there; the view
/// has all of it.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_text_cstr(text: Option<&pancar_text>) -> *const c_char {
    text.map_or(c"".as_ptr(), |text| text.0.as_ptr().cast())
}

/// Frees a text. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_text_free(text: Option<Box<pancar_text>>) {
    drop(text);
}

/// Number of texts; NULL has none.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_list_len(list: Option<&pancar_list>) -> usize {
    list.map_or(0, |list| list.items.len())
}

/// A text of the list as a view that lives until the list is freed; empty past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_list_at(list: Option<&pancar_list>, index: usize) -> pancar_str {
    list.and_then(|list| list.items.get(index)).copied().unwrap_or(pancar_str::EMPTY)
}

/// All texts of the list side by side, as other functions take rooms; they live until the list is freed. NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_list_items(list: Option<&pancar_list>) -> *const pancar_str {
    list.filter(|list| !list.items.is_empty()).map_or(std::ptr::null(), |list| list.items.as_ptr())
}

/// Frees a list. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_list_free(list: Option<Box<pancar_list>>) {
    drop(list);
}
