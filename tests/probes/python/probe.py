"""`tests/probe python`: the server listens by itself."""

import importlib
import sys

import options


def main():
    """Becomes the server of the app that is named."""
    app = importlib.import_module(sys.argv[1] if len(sys.argv) > 1 else "conformance")
    host, port = options.address()
    app.server().run(host, port, on_startup=lambda bound: print(f"LISTENING {bound}", flush=True))


if __name__ == "__main__":
    main()
