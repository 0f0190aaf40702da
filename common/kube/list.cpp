// Collections, page by page.
#include <algorithm>
#include <utility>

#include "base/encoding.hpp"
#include "kube/client.hpp"

namespace gridseal::kube {
namespace {

using base::Error;
using base::Json;

struct Page {
  std::string next;  // continue token
  std::string resource_version;
};

std::string page_path(const std::string& path, const ListOptions& options, const std::string& token) {
  std::string full = path + "?limit=" + std::to_string(options.page_size);
  if (!options.label_selector.empty()) full += "&labelSelector=" + percent_encode(options.label_selector);
  if (!options.field_selector.empty()) full += "&fieldSelector=" + percent_encode(options.field_selector);
  if (!token.empty()) full += "&continue=" + percent_encode(token);
  return full;
}

// Items of a list carry no apiVersion and kind; they are those of the list, "DeploymentList" without "List".
Answer<Page> take_page(const std::string& path, Json list, const ItemSink& sink) {
  const std::string* kind = base::find_string(list, "kind");
  const std::string* version = base::find_string(list, "apiVersion");
  const auto items = list.find("items");
  if (kind == nullptr || version == nullptr || !kind->ends_with("List") || items == list.end() ||
      !(items->is_array() || items->is_null())) {
    return Failure::local(
        Error::blocked("kube.protocol", "list of " + path + ": the API server's answer is not a list"));
  }
  const std::string item_kind = kind->substr(0, kind->size() - 4);
  const std::string item_version = *version;
  Page page;
  if (const Json* metadata = base::find_object(list, "metadata"); metadata != nullptr) {
    if (const std::string* token = base::find_string(*metadata, "continue")) page.next = *token;
    if (const std::string* at = base::find_string(*metadata, "resourceVersion")) page.resource_version = *at;
  }
  for (Json& item : *items) {
    if (!item.is_object()) continue;
    item.emplace("apiVersion", item_version);
    item.emplace("kind", item_kind);
    if (auto taken = sink(std::move(item)); !taken) return Failure::local(std::move(taken).error());
  }
  return page;
}

}  // namespace

Answer<std::string> Client::list(const std::string& path, const ListOptions& options, const ItemSink& sink,
                                 const Limits& limits) {
  ListOptions page_options = options;
  std::string token;
  bool began_anew = false;
  while (true) {
    auto list = get_page(page_path(path, page_options, token),
                         page_options.page_size > 1 ? settings_.max_page : settings_.max_body, limits);
    if (!list) {
      if (list.error().is("kube.answer_too_large") && page_options.page_size > 1) {
        page_options.page_size /= 4;
        page_options.page_size = std::max(page_options.page_size, 1);
        continue;
      }
      const bool expired = list.error().is("kube.gone") && !token.empty();
      if (!expired || std::exchange(began_anew, true)) return std::move(list).error();
      token.clear();
      continue;
    }
    auto page = take_page(path, std::move(*list), sink);
    if (!page) return std::move(page).error();
    if (page->next.empty()) return std::move(page->resource_version);
    if (page->next == token)
      return Failure::local(
          Error::blocked("kube.protocol", "list of " + path + ": the same page comes again and again"));
    token = std::move(page->next);
  }
}

}  // namespace gridseal::kube
