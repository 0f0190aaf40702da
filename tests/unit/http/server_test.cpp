#include "http/server.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <latch>
#include <thread>

#include "http/client.hpp"
#include "http/connection.hpp"

namespace gridseal::http {
namespace {

using std::chrono::milliseconds;

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gridseal-http-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/control.sock";
  }
  ~ServerTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Server> start(Handler handler, const ServerOptions& options = {}) {
    auto listener = Listener::unix_socket({path_, 0660, {}});
    EXPECT_TRUE(listener) << listener.error().describe();
    auto server = Server::start(base::system_clock(), std::move(*listener), std::move(handler), options);
    EXPECT_TRUE(server);
    return std::move(*server);
  }
  std::shared_ptr<Transport> client() const { return unix_transport(base::system_clock(), path_); }
  static Request request(std::string method, std::string target, std::string body = {}) {
    Request made;
    made.method = std::move(method);
    made.target = std::move(target);
    made.body = std::move(body);
    return made;
  }
  UniqueFd raw_connection() const {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  static std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> block{};
    for (ssize_t n = 0; (n = ::recv(fd, block.data(), block.size(), 0)) > 0;)
      text.append(block.data(), static_cast<size_t>(n));
    return text;
  }
  static ServerResponse ok(std::string body) {
    ServerResponse response;
    response.body = std::move(body);
    return response;
  }

  std::string folder_;
  std::string path_;
};

// GS-HTTP-070: method, decoded path, query, headers and body reach the handler; its answer reaches the
// client.
TEST_F(ServerTest, HandsRequestsToTheHandler) {
  const auto server = start([](const ServerRequest& request) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/v1/components/a b");
    EXPECT_EQ(request.query.at("wait"), "1 2");
    EXPECT_EQ(request.headers.get("x-reason"), "because");
    ServerResponse response = ok(request.body + "!");
    response.status = 202;
    response.headers.add("X-Answer", "42");
    return response;
  });
  Request sent = request("POST", "/v1/components/a%20b?wait=1%202", "{}");
  sent.headers.add("X-Reason", "because");
  const auto answer = client()->send(sent, {});
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->status, 202);
  EXPECT_EQ(answer->body, "{}!");
  EXPECT_EQ(answer->headers.get("x-answer"), "42");
  EXPECT_EQ(answer->headers.get("content-type"), "application/json");
}

// GS-HTTP-071: the handler learns from the kernel who the client is, with all groups.
TEST_F(ServerTest, KnowsItsPeer) {
  Peer seen;
  const auto server = start([&seen](const ServerRequest& request) {
    seen = request.peer.value();
    return ok("");
  });
  Request sent = request("GET", "/");
  sent.headers.add("REMOTE_ADDR", "uid=0");
  ASSERT_TRUE(client()->send(sent, {}));
  EXPECT_EQ(seen.pid, ::getpid());
  EXPECT_EQ(seen.uid, ::getuid());
  EXPECT_EQ(seen.gid, ::getgid());
  std::vector<gid_t> groups(static_cast<size_t>(::getgroups(0, nullptr)));
  groups.resize(static_cast<size_t>(::getgroups(static_cast<int>(groups.size()), groups.data())));
  EXPECT_EQ(seen.groups, groups);
}

// GS-HTTP-072: forty clients at a time are all answered by a few threads.
TEST_F(ServerTest, AnswersManyClients) {
  const auto server = start([](const ServerRequest& request) { return ok(request.path); });
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 40; ++i) {
      threads.emplace_back([&, i] {
        const std::string path = "/" + std::to_string(i);
        const auto own = client();
        const auto answer = own->send(request("GET", path), {});
        good += answer && answer->body == path ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(good, 40);
}

// GS-HTTP-073: a request above the limit is refused, announced or chunked, and never reaches the handler.
TEST_F(ServerTest, RefusesOversizedRequests) {
  std::atomic<int> calls{0};
  ServerOptions options;
  options.max_body = 1'000;
  const auto server = start(
      [&calls](const ServerRequest&) {
        ++calls;
        return ok("");
      },
      options);
  const auto announced = client()->send(request("POST", "/", std::string(1'001, 'x')), {});
  ASSERT_TRUE(announced) << announced.error().describe();
  EXPECT_EQ(announced->status, 413);
  EXPECT_TRUE(client()->send(request("POST", "/", std::string(1'000, 'x')), {}));
  const UniqueFd chunked = raw_connection();
  std::string bytes = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 100; ++i) bytes += "400\r\n" + std::string(0x400, 'x') + "\r\n";
  (void)::send(chunked.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  EXPECT_EQ(read_all(chunked.get()).find(" 200 "), std::string::npos);
  EXPECT_EQ(calls, 1);
}

// GS-HTTP-074: a client that does not finish its request is dropped.
TEST_F(ServerTest, DropsSlowClients) {
  ServerOptions options;
  options.threads = 1;
  options.request_timeout = milliseconds(50);
  const auto server = start([](const ServerRequest&) { return ok("in time"); }, options);
  const UniqueFd slow = raw_connection();
  ASSERT_GT(::send(slow.get(), "GET / HT", 8, MSG_NOSIGNAL), 0);
  const auto answer = client()->send(request("GET", "/"), {});
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body, "in time");
  EXPECT_EQ(read_all(slow.get()).find("in time"), std::string::npos);
}

// GS-HTTP-075: a silent connection gives its thread back.
TEST_F(ServerTest, DropsSilentClients) {
  ServerOptions options;
  options.threads = 1;
  options.keep_alive = milliseconds(20);
  const auto server = start([](const ServerRequest&) { return ok(""); }, options);
  const UniqueFd silent = raw_connection();
  EXPECT_TRUE(client()->send(request("GET", "/"), {}));
  EXPECT_EQ(read_all(silent.get()), "");
}

// GS-HTTP-076: stop() ends waiting connections and tells running handlers; afterwards nobody can connect.
TEST_F(ServerTest, StopsDuringARequest) {
  std::latch entered(1);
  ServerOptions options;
  options.keep_alive = milliseconds(600'000);
  const auto server = start(
      [&entered](const ServerRequest& request) {
        entered.count_down();
        while (!request.stop.stop_requested()) std::this_thread::yield();
        return ok("stopped");
      },
      options);
  const UniqueFd idle = raw_connection();
  std::jthread caller([this] { (void)client()->send(request("GET", "/"), {}); });
  entered.wait();
  server->stop();
  server->stop();
  EXPECT_EQ(read_all(idle.get()), "");
}

// GS-HTTP-077: a handler that throws is answered with 500 and nothing of the exception.
TEST_F(ServerTest, HidesExceptions) {
  const auto server =
      start([](const ServerRequest&) -> ServerResponse { throw std::runtime_error("secret"); });
  const auto answer = client()->send(request("GET", "/"), {});
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->status, 500);
  EXPECT_EQ(answer->body.find("secret"), std::string::npos);
  EXPECT_FALSE(answer->headers.has("EXCEPTION_WHAT"));
}

// GS-HTTP-078: an answer may be streamed piece by piece.
TEST_F(ServerTest, StreamsAnswers) {
  const auto server = start([](const ServerRequest&) {
    ServerResponse response;
    response.stream = [](const ServerResponse::Write& write) {
      for (int i = 0; i < 3; ++i) write("line " + std::to_string(i) + "\n");
    };
    return response;
  });
  const auto answer = client()->send(request("GET", "/"), {});
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body, "line 0\nline 1\nline 2\n");
}

// GS-HTTP-079: the socket file has the mode asked for; a stale one is replaced, a live one and other files
// are not.
TEST_F(ServerTest, OwnsItsSocketFile) {
  {
    auto first = Listener::unix_socket({path_, 0640, ::getgid()});
    ASSERT_TRUE(first) << first.error().describe();
    struct stat info {};
    ASSERT_EQ(::stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0640U);
    EXPECT_EQ(Listener::unix_socket({path_, 0660, {}}).error().code(), "http.listen");
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
  {
    const UniqueFd stale(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    ASSERT_EQ(::bind(stale.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  EXPECT_TRUE(Listener::unix_socket({path_, 0660, {}}));
  const std::string plain = folder_ + "/file";
  { const UniqueFd file(::open(plain.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); }
  EXPECT_EQ(Listener::unix_socket({plain, 0660, {}}).error().code(), "http.listen");
  EXPECT_TRUE(std::filesystem::exists(plain));
}

// GS-HTTP-080: a listening socket handed over by systemd is served; anything else is refused.
TEST_F(ServerTest, AdoptsAListeningSocket) {
  auto made = Listener::loopback(0);
  ASSERT_TRUE(made);
  auto adopted = Listener::adopt(::dup(made->fd()));
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->port(), made->port());
  auto server = Server::start(base::system_clock(), std::move(*adopted),
                              [](const ServerRequest& request) { return ok(request.peer ? "unix" : "tcp"); });
  ASSERT_TRUE(server);
  ClientConnector connector(base::system_clock());
  const auto answer =
      (*connector.connect({"http", "127.0.0.1", (*server)->port()}, {}))->send(request("GET", "/"), {});
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body, "tcp");
  const UniqueFd idle(::socket(AF_UNIX, SOCK_STREAM, 0));
  EXPECT_EQ(Listener::adopt(idle.get()).error().code(), "http.listen");
}

// GS-HTTP-110: A stream of a known length is announced and not chunked; for HEAD it is announced alone.
TEST_F(ServerTest, AnnouncesTheLengthOfAStream) {
  const std::string big(300'000, 'x');
  const auto server = start([&](const ServerRequest& /*request*/) {
    ServerResponse response;
    response.length = big.size();
    response.content_type = "application/octet-stream";
    response.stream = [&](const ServerResponse::Write& write) {
      (void)(write(std::string_view(big).substr(0, 1000)) && write(std::string_view(big).substr(1000)));
    };
    return response;
  });
  const auto answer = client()->send(request("GET", "/"), {});
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body, big);
  EXPECT_EQ(answer->headers.get("Content-Length"), "300000");
  EXPECT_FALSE(answer->headers.has("Transfer-Encoding"));
  const auto head = client()->send(request("HEAD", "/"), {});
  ASSERT_TRUE(head) << head.error().describe();
  EXPECT_EQ(head->headers.get("Content-Length"), "300000");
  EXPECT_EQ(head->body, "");
}

// GS-HTTP-111: A stream that writes less than was announced ends the connection: the client sees the cut.
TEST_F(ServerTest, ShowsThatAStreamIsShort) {
  const auto server = start([](const ServerRequest& /*request*/) {
    ServerResponse response;
    response.length = 1000;
    response.stream = [](const ServerResponse::Write& write) { (void)write("only this"); };
    return response;
  });
  const auto answer = client()->send(request("GET", "/"), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), "http.cut") << answer.error().describe();
}

// GS-HTTP-112: Ranges are left to the handler, several of them too.
TEST_F(ServerTest, LeavesRangesToTheHandler) {
  const auto server = start([](const ServerRequest& request) {
    EXPECT_TRUE(request.headers.has("Range"));
    ServerResponse response = ok("");
    response.status = 206;
    response.length = 4;
    response.headers.set("Content-Range", "bytes 2-5/10");
    response.stream = [](const ServerResponse::Write& write) { (void)write("2345"); };
    return response;
  });
  for (const char* range : {"bytes=2-5", "bytes=0-0,3-4", "bytes=2-99999999999"}) {
    Request sent = request("GET", "/");
    sent.headers.set("Range", range);
    const auto answer = client()->send(sent, {});
    ASSERT_TRUE(answer) << answer.error().describe();
    EXPECT_EQ(answer->status, 206) << range;
    EXPECT_EQ(answer->body, "2345") << range;
  }
}

}  // namespace
}  // namespace gridseal::http
