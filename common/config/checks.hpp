// Rules for single texts: each says what is wrong, or nothing. Deeper rules are those of the module that uses
// the value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gridseal::config {

std::string check_label(std::string_view text);  // RFC 1123 label
std::string check_not_empty(std::string_view text);
std::string check_url(std::string_view text);            // http or https, a host, no user, query or fragment
std::string check_relative_path(std::string_view text);  // stays inside
std::string check_file_name(std::string_view text);      // no folder
std::string check_digest(std::string_view text);
std::string check_source(std::string_view text);
std::string check_file_system(std::string_view text);
std::string check_variable(std::string_view text);         // [_A-Za-z][_A-Za-z0-9]*
std::string check_service_account(std::string_view text);  // namespace/name
std::string check_label_key(std::string_view text);        // Kubernetes: [prefix/]name
std::string check_pointer(std::string_view text);          // JSON pointer (RFC 6901), not the whole document
std::string check_group(std::string_view text);            // of users
std::string check_image_mode(std::string_view text);
std::string check_loopback_address(std::string_view text);  // 127.x.x.x:port

bool is_plain_http(std::string_view url);
bool is_loopback(std::string_view url);

// The candidate nearest to `text` by edit distance (insert, delete, replace, swap neighbours); empty when
// none is near.
std::string nearest(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace gridseal::config
