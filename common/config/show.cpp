// What people read: the effective settings, and the reference of all of them.
#include <sstream>

#include "config/keys.hpp"
#include "config/load.hpp"

namespace gridseal::config {

namespace {

constexpr std::string_view kIntroduction = R"(# Settings

*Generated from the table that the parser uses; a test keeps it up to date.*

The agent reads `/etc/gridseal/agent.toml` and then `/etc/gridseal/conf.d/*.toml` in the order of their names
([TOML 1.0](https://toml.io/en/v1.0.0)). A file in `conf.d` may add registries, policies, components, or keys of
any section; the same key in two files is an error that names both places. Policies may also stand in files of
their own, `policies/NAME.toml` in the trust directory. Unknown keys are errors. Each error
names file, line, column and key; `gridseal config check` prints all of them, `gridseal config show` the effective
value of every setting and where it comes from. When the settings are wrong at start, the agent runs held on the
last valid ones: it changes nothing until they are right.

- NAME in a section is chosen freely: 1 to 63 lower-case letters, digits and `-`.
- *duration*: as in Go and Flux, `"30s"`, `"5m"`, `"1h30m"`. *size*: `"256MiB"`, `"2GiB"`, `"500MB"`.
- *path*: a relative one starts at the settings directory, `/etc/gridseal`.
- A secret is never a setting: `credentials` names the file, or the systemd credential, that holds it.

The least that is needed:

```toml
[site]
name = "substation-7"

[registry.mirror]
url = "https://mirror.site.example:5000"

[trust.policy.release]
keys = ["release.pub"]

[component.pump-control]
repository = "water/pump-control"
tag = "stable"
target_namespace = "pumps"
```
)";

std::string comment(const Effective& entry, const std::vector<SourceFile>& sources) {
  if (!entry.place) return "default";
  for (const auto& source : sources) {
    if (entry.place->file.ends_with("/" + source.name)) {
      return source.name + ":" + std::to_string(entry.place->line);
    }
  }
  return entry.place->to_string();
}

// "[a.b]"; for the entry "a.b[2].c[1]" of an array of tables "[[a.b.c]]".
std::string heading(const std::string& section) {
  std::string name;
  bool number = false;
  for (const char c : section) {
    if (c == '[') number = true;
    if (!number) name += c;
    if (c == ']') number = false;
  }
  const bool array = section.ends_with(']');
  return (array ? "[[" : "[") + name + (array ? "]]\n" : "]\n");
}

}  // namespace

std::string show(const Loaded& loaded) {
  std::string out;
  std::string section;
  for (const auto& entry : loaded.effective) {
    if (entry.section != section) {
      out.append(out.empty() ? "" : "\n").append(heading(entry.section));
      section = entry.section;
    }
    // An unset setting without a default has no form as TOML that means the same.
    const bool unset = !entry.place && entry.value == R"("")";
    out.append(unset ? "# " : "").append(entry.key).append(" = ").append(entry.value);
    out.append("  # ").append(comment(entry, loaded.sources)).append("\n");
  }
  return out;
}

std::string reference_markdown() {
  std::ostringstream out;
  out << kIntroduction;
  for (const auto& section : section_docs()) {
    out << "\n## [" << section.name << "]\n\n"
        << section.doc << "\n\n| key | type | default | meaning |\n|---|---|---|---|\n";
    for (const auto& key : section.keys) {
      out << "| `" << key.name << "` | " << key.type << " | " << key.fallback << " | " << key.doc << " |\n";
    }
  }
  return out.str();
}

}  // namespace gridseal::config
