#![doc = include_str!("../README.md")]

// The order is that of the header.

// The border.
mod guard;
mod status;
mod view;

// Things and their names.
mod callback;
mod handle;

// Values that cross.
mod args;
mod text;

mod config;
mod log;

// A server and its events.
mod server;

mod run;

mod namespace;

mod listen;

mod event;

mod admission;

mod emit;

mod target;

mod results;

mod socket;

// What the functions stand on.
mod dispatch;
mod lane;
mod listeners;
mod signals;
