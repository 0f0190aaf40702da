#include "kubesim/net/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

namespace gridseal::kubesim {

namespace {

// 021: more is refused with 413. What comes above twice the limit is read and dropped.
constexpr std::size_t kBodyLimit = 3145728;
constexpr std::size_t kHeadLimit = 65536;

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

// 050: whether the certificate is good is said by the answer, not by the handshake.
int accept_any(int, X509_STORE_CTX*) {
  return 1;
}

std::vector<std::string> entries(X509_NAME* name, int nid) {
  std::vector<std::string> out;
  for (int at = X509_NAME_get_index_by_NID(name, nid, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(name, nid, at)) {
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size >= 0) out.emplace_back(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
  }
  return out;
}

Peer peer_of(SSL* ssl) {
  Peer out;
  X509* certificate = SSL_get1_peer_certificate(ssl);
  if (certificate == nullptr) return out;
  out.certificate = true;
  out.trusted = SSL_get_verify_result(ssl) == X509_V_OK;
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto users = entries(name, NID_commonName);
  if (!users.empty()) out.user = users.front();
  out.groups = entries(name, NID_organizationName);
  X509_free(certificate);
  return out;
}

class Connection : public ChunkWriter {
 public:
  Connection(SSL* ssl, int socket) : ssl_(ssl), socket_(socket) {}

  bool write(std::string_view bytes) override {
    if (bytes.empty()) return true;
    std::array<char, 24> head{};
    const int size = std::snprintf(head.data(), head.size(), "%zx\r\n", bytes.size());
    std::string chunk(head.data(), static_cast<std::size_t>(size));
    chunk.append(bytes);
    chunk += "\r\n";
    return send(chunk);
  }

  bool alive() override {
    pollfd entry{socket_, POLLIN | POLLRDHUP, 0};
    if (poll(&entry, 1, 0) <= 0) return true;
    return (entry.revents & (POLLHUP | POLLERR | POLLRDHUP)) == 0;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const int sent =
          SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1U << 20U)));
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Nothing if the client has gone or talks no HTTP.
  std::optional<HttpRequest> read_request() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (buffer_.size() > kHeadLimit || !fill()) return std::nullopt;
    }
    HttpRequest out;
    if (!parse_head(std::string_view(buffer_).substr(0, end + 2), out)) return std::nullopt;
    buffer_.erase(0, end + 4);
    if (out.header("expect") == "100-continue" && !send("HTTP/1.1 100 Continue\r\n\r\n")) return std::nullopt;
    const bool chunked = out.header("transfer-encoding") == "chunked";
    if (!(chunked ? read_chunks(out) : read_length(out))) return std::nullopt;
    return out;
  }

 private:
  bool fill() {
    std::array<char, 16384> block{};
    const int got = SSL_read(ssl_, block.data(), static_cast<int>(block.size()));
    if (got <= 0) return false;
    buffer_.append(block.data(), static_cast<std::size_t>(got));
    return true;
  }

  static bool parse_head(std::string_view head, HttpRequest& out) {
    const std::size_t line_end = head.find("\r\n");
    std::string_view line = head.substr(0, line_end);
    const std::size_t first = line.find(' ');
    const std::size_t second = line.rfind(' ');
    if (first == std::string_view::npos || second <= first) return false;
    out.method = line.substr(0, first);
    out.target = line.substr(first + 1, second - first - 1);
    head.remove_prefix(line_end + 2);
    while (!head.empty()) {
      const std::size_t end = head.find("\r\n");
      std::string_view field = head.substr(0, end);
      head.remove_prefix(end + 2);
      const std::size_t colon = field.find(':');
      if (colon == std::string_view::npos) continue;
      std::string name(field.substr(0, colon));
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      std::string_view value = field.substr(colon + 1);
      while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
      while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
      out.headers.emplace(std::move(name), std::string(value));
    }
    parse_target(out);
    return true;
  }

  bool take(std::size_t size, HttpRequest& out) {
    while (size > 0) {
      if (buffer_.empty() && !fill()) return false;
      const std::size_t now = std::min(size, buffer_.size());
      if (out.body.size() + now > kBodyLimit) {
        out.too_large = true;
      } else {
        out.body.append(buffer_, 0, now);
      }
      buffer_.erase(0, now);
      size -= now;
    }
    return true;
  }

  bool read_length(HttpRequest& out) {
    const std::string length = out.header("content-length");
    if (length.empty()) return true;
    const std::size_t size = std::strtoull(length.c_str(), nullptr, 10);
    if (size > kBodyLimit)
      out.too_large = true;
    else
      out.body.reserve(size);
    return take(size, out);
  }

  bool read_chunks(HttpRequest& out) {
    while (true) {
      std::size_t end = 0;
      while ((end = buffer_.find("\r\n")) == std::string::npos) {
        if (!fill()) return false;
      }
      const std::size_t size = std::strtoull(buffer_.c_str(), nullptr, 16);
      buffer_.erase(0, end + 2);
      if (!take(size, out)) return false;
      while (buffer_.size() < 2) {
        if (!fill()) return false;
      }
      buffer_.erase(0, 2);
      if (size == 0) return true;
    }
  }

  SSL* ssl_;
  int socket_;
  std::string buffer_;
};

std::string head_of(const HttpResponse& response, bool close) {
  std::string out =
      "HTTP/1.1 " + std::to_string(response.status) + " " + reason_phrase(response.status) + "\r\n";
  for (const auto& [name, value] : response.headers) out += name + ": " + value + "\r\n";
  if (response.stream) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (response.status != 304) {
    out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  if (close) out += "Connection: close\r\n";
  return out + "\r\n";
}

}  // namespace

Server::Server(const KeyPair& certificate, const std::string& authority_pem, HttpHandler handler)
    : context_(SSL_CTX_new(TLS_server_method())), handler_(std::move(handler)) {
  auto bio = [](const std::string& pem) { return BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())); };
  BIO* input = bio(certificate.certificate_pem);
  X509* own = PEM_read_bio_X509(input, nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(context_, own);
  X509_free(own);
  BIO_free(input);
  input = bio(certificate.key_pem);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(input, nullptr, nullptr, nullptr);
  SSL_CTX_use_PrivateKey(context_, key);
  EVP_PKEY_free(key);
  BIO_free(input);
  input = bio(authority_pem);
  X509* authority = PEM_read_bio_X509(input, nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), authority);
  SSL_CTX_add_client_CA(context_, authority);
  X509_free(authority);
  BIO_free(input);
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, accept_any);
  const std::array<unsigned char, 7> session = {'k', 'u', 'b', 'e', 's', 'i', 'm'};
  SSL_CTX_set_session_id_context(context_, session.data(), session.size());
  if (SSL_CTX_check_private_key(context_) != 1)
    throw std::runtime_error("the server certificate does not fit its key");
}

Server::~Server() {
  if (listener_ >= 0) close(listener_);
  SSL_CTX_free(context_);
}

std::uint16_t Server::listen(const std::string& host, std::uint16_t port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 ||
      bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 256) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("cannot listen on " + host + ":" + std::to_string(port));
  }
  return ntohs(address.sin_port);
}

void Server::run() {
  while (true) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    std::thread([this, client] { serve(client); }).detach();
  }
}

void Server::serve(int socket) const {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  {
    const std::unique_ptr<SSL, SslFree> ssl(SSL_new(context_));
    SSL_set_fd(ssl.get(), socket);
    bool open = SSL_accept(ssl.get()) == 1;
    const Peer peer = open ? peer_of(ssl.get()) : Peer{};
    Connection connection(ssl.get(), socket);
    while (open) {
      auto request = connection.read_request();
      if (!request) break;
      request->peer = peer;
      HttpResponse response = handler_(*request);
      if (response.cut) break;
      const bool closing = request->header("connection") == "close";
      std::string head = head_of(response, closing);
      const bool without_body = request->method == "HEAD" || response.status == 304;
      if (response.stream) {
        open = connection.send(head);
        if (open) response.stream(connection);
        open = open && !response.cut_stream && connection.send("0\r\n\r\n");
      } else {
        if (!without_body) head += response.body;
        open = connection.send(head);
      }
      open = open && !closing;
    }
    if (open) SSL_shutdown(ssl.get());
  }
  ERR_clear_error();
  shutdown(socket, SHUT_RDWR);
  close(socket);
}

}  // namespace gridseal::kubesim
