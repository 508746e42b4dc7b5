// Sends back whatever a client says as `hello`, and adds for it.
// Try it: io("http://127.0.0.1:3000").emit("hello", 1, "two") or .emitWithAck("sum", 1, 2)
#include <pancar.hpp>

#include <iostream>

int main()
try {
    pancar::Server io;
    io.on("hello", [](pancar::Socket socket, pancar::Event event) { socket.emit("hello", event.args()); });
    io.on("sum", [](pancar::Event event) { event.ack(event.get<double>(0) + event.get<double>(1)); });
    io.listen("127.0.0.1:3000");
    io.run();
} catch (const pancar::Error &error) {
    std::cerr << error.what() << '\n';
    return 1;
}
