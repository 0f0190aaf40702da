// HTTP/1.1 messages of the simulator.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gridseal::kubesim {

// What the TLS handshake told about the client.
struct Peer {
  bool certificate = false;         // one was shown
  bool trusted = false;             // and it is ours and in date
  std::string user;                 // CN
  std::vector<std::string> groups;  // O
};

struct HttpRequest {
  std::string method;
  std::string target;  // path and query as sent
  std::string path;    // decoded
  std::vector<std::pair<std::string, std::string>> query;
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool too_large = false;  // the body was beyond the limit and not kept
  Peer peer;

  std::string header(std::string_view name) const;
  std::vector<std::string> header_values(std::string_view name) const;
  // The first value of a query parameter; empty if absent.
  std::string parameter(std::string_view name) const;
  bool has_parameter(std::string_view name) const;
};

// Sends parts of a streamed answer. False: the client has gone.
class ChunkWriter {
 public:
  virtual ~ChunkWriter() = default;
  virtual bool write(std::string_view bytes) = 0;
  virtual bool alive() = 0;
};

struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::function<void(ChunkWriter&)> stream;  // if set: chunked, body unused
  bool cut_stream = false;                   // break the connection at the end of the stream
  bool cut = false;                          // break the connection instead of answering
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

std::string decode_percent(std::string_view text, bool plus_is_space);
void parse_target(HttpRequest& request);
const char* reason_phrase(int status);

}  // namespace gridseal::kubesim
