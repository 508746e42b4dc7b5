// Makes a server, listens, and closes.
#include <pancar.hpp>

#include <iostream>

int main()
try {
  pancar::Server io;
  io.on("hello", [](pancar::Socket socket, pancar::Event event) { socket.emit("hello", event.args()); });
  if (io.listen("127.0.0.1:0") == 0) return 1;
  io.close();
  io.run();
  std::cout << "libpancar " << pancar_version() << '\n';
} catch (const pancar::Error &error) {
  std::cerr << error.what() << '\n';
  return 1;
}
