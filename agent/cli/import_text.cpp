#include "cli/import_text.hpp"

#include "base/armour.hpp"
#include "cli/agent_client.hpp"
#include "media/armour.hpp"

namespace gridseal::cli {
namespace {

using base::Error;
using base::Json;
using base::Result;

Result<std::string> read_block(std::FILE* input) {
  std::string text;
  std::string line;
  for (int c = std::fgetc(input); c != EOF; c = std::fgetc(input)) {
    line += static_cast<char>(c);
    if (text.size() + line.size() > media::kMaxArmour)
      return Error::refused("usage", "the text is longer than any that is taken here");
    if (c != '\n') continue;
    text += line;
    if (base::is_armour_end(line)) return text;
    line.clear();
  }
  return text + line;
}

struct Order {
  std::string target;
  Json body;
};

Result<Order> order_of(const media::ArmouredText& text) {
  if (text.kind == media::Armoured::approval)
    return Error::refused("armour.approval",
                          "nothing on this host waits for approvals: a release needs no other word than the "
                          "signatures that its policy asks for, or a permit");
  if (text.kind == media::Armoured::trust_bundle)
    return Order{"/v1/trust/import", {{"bundle", text.content}}};
  auto body = base::parse_json(text.content, {media::kMaxArmour, 32, 100'000});
  if (!body) return std::move(body).error();
  return Order{text.kind == media::Armoured::denial ? "/v1/trust/deny" : "/v1/permits", std::move(*body)};
}

std::string said(const media::ArmouredText& text, const Json& answer) {
  switch (text.kind) {
    case media::Armoured::trust_bundle:
      return "Trust bundle " + member(answer, "version") + " " + member(answer, "fingerprint") +
             (member(answer, "accepted") == "yes" ? " is in force\n" : " was known\n");
    case media::Armoured::denial:
      return "It is denied from now on.\n";
    case media::Armoured::permit:
      return "Permit " + member(answer, "id") + " is recorded; it counts once.\n";
    case media::Armoured::approval:
      break;
  }
  return {};
}

}  // namespace

ExitCode import_text(Context& context, std::FILE* input) {
  auto text = read_block(input);
  if (!text) return context.fail(text.error());
  auto block = media::read_armour(*text);
  if (!block) return context.fail(block.error());
  auto order = order_of(*block);
  if (!order) return context.fail(order.error());
  auto answer = AgentClient(context.clock, context.socket_path()).post(order->target, order->body);
  if (!answer) return context.fail(answer.error());
  if (context.as_json())
    context.print_json(*answer);
  else
    context.print(said(*block, *answer));
  return ExitCode::ok;
}

}  // namespace gridseal::cli
