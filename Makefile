# Short names for plain commands; each works without make too.

.PHONY: help demo test bench bench-quick lint fmt install uninstall

help:
	@echo 'make demo         build and start the chat at http://127.0.0.1:3000'
	@echo 'make test         set up what the tests need, and run all of them'
	@echo 'make bench        measure against the floor and the peers, about 12 minutes'
	@echo 'make bench-quick  the same at a glance, about 1 minute'
	@echo 'make lint         formatting, clippy and the documentation'
	@echo 'make fmt          format the Rust code'
	@echo 'make install      the C library and its headers under PREFIX, /usr/local by default; make uninstall takes them away'

demo:
	@tests/setup.sh tests/browser
	@cargo run --release -p pancar-demo

test:
	@tests/run

bench:
	@tests/bench/run.py

bench-quick:
	@tests/bench/run.py --quick

lint:
	@tests/run format clippy docs

fmt:
	@cargo fmt --all

install uninstall:
	@ffi-c/install.sh $@
