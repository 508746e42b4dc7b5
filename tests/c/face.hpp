// What face.cpp stands on: a check, and a client.
#ifndef FACE_HPP
#define FACE_HPP

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

// A condition that must hold.
#define CHECK(condition) check((condition), __LINE__, #condition)

inline void check(bool holds, int line, const char *what)
{
    if (holds)
        return;
    std::fprintf(stderr, "face.cpp:%d: %s\n", line, what);
    std::_Exit(1);
}

// A client over HTTP polling, a connection for each request.
class Client {
public:
    explicit Client(std::uint16_t port, const std::string &packet = "40") : port_(port)
    {
        const std::string opened = request("GET", "");
        const auto begin = opened.find("\"sid\":\"") + 7;
        session_ = "&sid=" + opened.substr(begin, opened.find('"', begin) - begin);
        say(packet);
    }

    void say(const std::string &packet) { CHECK(request("POST", packet) == "ok"); }
    bool hears(const std::string &packet) { return hear() == packet; }
    std::string ask(const std::string &packet) { return say(packet), hear(); }

    std::string hear()
    {
        while (heard_.empty()) {
            std::string all = request("GET", "");
            for (std::size_t end = 0; end != all.npos; all.erase(0, end == all.npos ? end : end + 1)) {
                end = all.find('\x1e');
                if (all.compare(0, end, "2") != 0)
                    heard_.push_back(all.substr(0, end));
            }
        }
        const std::string first = heard_.front();
        heard_.pop_front();
        return first;
    }

private:
    std::string request(const std::string &method, const std::string &body) const
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port_);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0);
        const std::string head = method + " /socket.io/?EIO=4&transport=polling" + session_
            + " HTTP/1.1\r\nHost: localhost\r\nX-Face: yes\r\nConnection: close\r\nContent-Length: ";
        const std::string all = head + std::to_string(body.size()) + "\r\n\r\n" + body;
        CHECK(send(fd, all.data(), all.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(all.size()));
        std::string answer;
        std::array<char, 4096> part;
        for (ssize_t got; (got = recv(fd, part.data(), part.size(), 0)) > 0;)
            answer.append(part.data(), static_cast<std::size_t>(got));
        close(fd);
        return answer.substr(answer.find("\r\n\r\n") + 4);
    }

    std::uint16_t port_;
    std::string session_;
    std::deque<std::string> heard_;
};

#endif
