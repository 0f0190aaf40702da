// What a request to the image registry asks for: the first line is a path, the second a host, the third a
// range.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "images/route.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gridseal;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const size_t first = std::min(text.find('\n'), text.size());
  const size_t second = std::min(text.find('\n', std::min(first + 1, text.size())), text.size());
  const std::string host = first < second ? text.substr(first + 1, second - first - 1) : "";
  const auto route = images::parse_route(
      text.substr(0, first),
      host.empty() ? std::map<std::string, std::string>() : std::map<std::string, std::string>{{"ns", host}});
  if (route && route->kind != images::Route::Kind::base) {
    if (!oci::is_repository_path(route->repository.path) || route->reference.find('/') != std::string::npos)
      std::abort();
  }
  constexpr uint64_t kSize = 1000;
  const auto range = images::parse_range(second < text.size() ? text.substr(second + 1) : "", kSize);
  if (range && *range && ((*range)->first >= (*range)->end || (*range)->end > kSize)) std::abort();
  return 0;
}
