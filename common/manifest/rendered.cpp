#include "manifest/rendered.hpp"

#include <algorithm>
#include <map>

#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "manifest/order.hpp"

namespace gridseal::manifest {
namespace {

constexpr uint32_t kPermissions = 0600;
constexpr size_t kWriteBuffer = size_t{64} << 10U;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_json(std::string_view path) {
  return ends_with(path, ".json");
}
bool is_manifest(std::string_view path) {
  return ends_with(path, ".yaml") || ends_with(path, ".yml") || is_json(path);
}

base::Error kustomization(const std::string& path) {
  return base::Error::refused(
      "manifest.kustomization",
      base::printable(path) +
          " is a kustomization: an artifact carries rendered manifests, so that what was "
          "signed is what is applied; run `kustomize build` before publishing");
}

bool is_kustomization_file(std::string_view path) {
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization";
}

// "./apps//web/" is "apps/web/"; the whole artifact is "".
base::Result<std::string> folder_prefix(std::string_view path) {
  std::string out;
  const auto refuse = [&] {
    return base::Error::refused("manifest.path", "the path \"" + base::printable(path) +
                                                     "\" must lie inside the artifact, without \"..\"");
  };
  if (!path.empty() && path.front() == '/') return refuse();
  std::string_view rest = path;
  while (!rest.empty()) {
    const size_t slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    if (name == "..") return refuse();
    if (!name.empty() && name != ".") out += std::string(name) + "/";
  }
  return out;
}

}  // namespace

// The file on disk, from its creation until its last owner goes.
struct Rendered::TemporaryFile {
  base::Files& files;
  std::string path;
  std::unique_ptr<base::InputFile> input;

  TemporaryFile(base::Files& all, std::string where) : files(all), path(std::move(where)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    input.reset();
    (void)files.remove(path);
  }
};

Rendered::Rendered(std::unique_ptr<TemporaryFile> file, std::vector<RenderedEntry> entries,
                   base::Digest digest, uint64_t bytes)
    : file_(std::move(file)), entries_(std::move(entries)), digest_(digest), bytes_(bytes) {}
Rendered::~Rendered() = default;
Rendered::Rendered(Rendered&&) noexcept = default;
Rendered& Rendered::operator=(Rendered&&) noexcept = default;

base::Result<std::string> Rendered::load_text(size_t index) const {
  const RenderedEntry& entry = entries_.at(index);
  std::string text(entry.length, '\0');
  size_t filled = 0;
  while (filled < text.size()) {
    auto count = file_->input->read_at(entry.offset + filled, text.data() + filled, text.size() - filled);
    if (!count) return std::move(count).error();
    if (*count == 0) break;
    filled += *count;
  }
  if (filled != text.size() || crypto::sha256(text) != entry.digest)
    return base::Error::blocked("manifest.damaged", "the rendered file changed on disk at " +
                                                        entry.key.describe() + "; render again");
  return text;
}

base::Result<Object> Rendered::load(size_t index) const {
  auto text = load_text(index);
  if (!text) return std::move(text).error();
  auto body = base::parse_json(*text, {.max_bytes = text->size(), .max_depth = 1000});
  if (!body) return std::move(body).error();
  return Object{entries_[index].key, std::move(*body), entries_[index].origin};
}

struct RenderedWriter::State {
  State(base::Files& files, std::string path, RenderOptions all, std::string folder)
      : file(std::make_unique<Rendered::TemporaryFile>(files, std::move(path))),
        options(std::move(all)),
        prefix(std::move(folder)) {}

  base::Result<void> take_document(Json document, const Origin& origin);
  base::Result<void> take_yaml(std::string_view text, size_t first_line);
  base::Result<void> take_json();
  base::Result<void> add(Object object);
  base::Result<void> write(std::string_view text);
  base::Result<void> flush();
  base::Result<base::Digest> digest_in_order() const;

  std::unique_ptr<Rendered::TemporaryFile> file;
  std::unique_ptr<base::OutputFile> output;
  RenderOptions options;
  std::string prefix;
  bool path_seen = false;
  std::string current;   // the file being read
  size_t documents = 0;  // of it
  std::string json;      // its text, when it is JSON
  std::optional<DocumentSplitter> splitter;
  std::string buffer;
  uint64_t offset = 0;
  std::map<ObjectKey, Origin> seen;
  std::vector<RenderedEntry> entries;
};

base::Result<void> RenderedWriter::State::flush() {
  if (buffer.empty()) return {};
  auto written = output->write(buffer);
  buffer.clear();
  return written;
}

base::Result<void> RenderedWriter::State::write(std::string_view text) {
  if (offset + text.size() + 1 > options.max_bytes)
    return base::Error::refused("manifest.limit", "the rendered manifests are larger than " +
                                                      std::to_string(options.max_bytes) + " bytes");
  offset += text.size() + 1;
  buffer += text;
  buffer += '\n';
  return buffer.size() < kWriteBuffer ? base::Result<void>{} : flush();
}

base::Result<void> RenderedWriter::State::add(Object object) {
  if (object.key.group == "kustomize.config.k8s.io") return kustomization(object.origin.describe());
  if (options.each)
    if (auto done = options.each(object); !done) return done;
  if (entries.size() >= options.max_objects)
    return base::Error::refused(
        "manifest.limit", "the artifact holds more than " + std::to_string(options.max_objects) + " objects");
  const auto [other, fresh] = seen.emplace(object.key, object.origin);
  if (!fresh)
    return base::Error::refused("manifest.duplicate_object",
                                object.key.describe() + " is declared twice: in " + other->second.describe() +
                                    " and in " + object.origin.describe());
  const std::string text = base::dump_json(object.body);
  entries.push_back(
      {std::move(object.key), offset, text.size(), crypto::sha256(text), std::move(object.origin)});
  return write(text);
}

base::Result<void> RenderedWriter::State::take_document(Json document, const Origin& origin) {
  if (options.substitution != nullptr)
    if (auto done = options.substitution->apply(document, origin); !done) return done;
  auto objects = Object::from_document(std::move(document), origin);
  if (!objects) return std::move(objects).error();
  for (auto& object : *objects)
    if (auto added = add(std::move(object)); !added) return added;
  return {};
}

base::Result<void> RenderedWriter::State::take_yaml(std::string_view text, size_t first_line) {
  auto parsed =
      parse_yaml(text, options.yaml, {current, first_line},
                 options.substitution == nullptr ? PlainReferences::as_text : PlainReferences::marked);
  if (!parsed) return std::move(parsed).error();
  for (auto& document : *parsed)
    if (auto taken = take_document(std::move(document), {current, ++documents}); !taken) return taken;
  return {};
}

base::Result<void> RenderedWriter::State::take_json() {
  auto parsed = base::parse_json(json, {.max_bytes = options.yaml.max_bytes,
                                        .max_depth = options.yaml.max_depth,
                                        .max_values = options.yaml.max_nodes});
  json = std::string();
  if (!parsed) {
    const char* code = parsed.error().code() == "parse.limit"           ? "manifest.limit"
                       : parsed.error().code() == "parse.duplicate_key" ? "manifest.duplicate_key"
                                                                        : "manifest.json";
    return base::Error::refused(code, base::printable(current) + ": " + parsed.error().message());
  }
  return take_document(std::move(*parsed), {current, 1});
}

// The file is read again, in order: memory stays at one object.
base::Result<base::Digest> RenderedWriter::State::digest_in_order() const {
  crypto::Sha256 hash;
  std::string text;
  for (const auto& entry : entries) {
    text.resize(entry.length);
    for (size_t filled = 0; filled < text.size();) {
      auto count = file->input->read_at(entry.offset + filled, text.data() + filled, text.size() - filled);
      if (!count) return std::move(count).error();
      if (*count == 0)
        return base::Error::blocked("manifest.damaged", "the rendered file is shorter than what was written");
      filled += *count;
    }
    hash.update(text);
    hash.update("\n");
  }
  return hash.finish();
}

RenderedWriter::RenderedWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
RenderedWriter::RenderedWriter(RenderedWriter&&) noexcept = default;
RenderedWriter& RenderedWriter::operator=(RenderedWriter&&) noexcept = default;
RenderedWriter::~RenderedWriter() = default;

base::Result<RenderedWriter> RenderedWriter::create(base::Files& files, std::string path,
                                                    RenderOptions options) {
  auto prefix = folder_prefix(options.path);
  if (!prefix) return std::move(prefix).error();
  auto output = files.open_output(path, base::WriteMode::create_new, kPermissions);
  if (!output) return std::move(output).error();
  auto state = std::make_unique<State>(files, std::move(path), std::move(options), std::move(*prefix));
  state->output = std::move(*output);
  return RenderedWriter(std::move(state));
}

base::Result<bool> RenderedWriter::begin_file(const std::string& path, uint64_t /*size*/) {
  State& state = *state_;
  if (path.compare(0, state.prefix.size(), state.prefix) != 0) return false;
  state.path_seen = true;
  if (!state.options.ignore.empty()) {
    auto ignored = state.options.ignore.ignores(path);
    if (!ignored || *ignored) return ignored ? base::Result<bool>(false) : std::move(ignored);
  }
  if (is_kustomization_file(path)) return kustomization(path);
  if (!is_manifest(path)) return false;
  state.current = path;
  state.documents = 0;
  if (!is_json(path))
    state.splitter.emplace(path, state.options.yaml.max_bytes, [&state](std::string_view text, size_t line) {
      return state.take_yaml(text, line);
    });
  return true;
}

base::Result<void> RenderedWriter::content(std::string_view chunk) {
  State& state = *state_;
  if (state.splitter) return state.splitter->feed(chunk);
  if (state.json.size() + chunk.size() > state.options.yaml.max_bytes)
    return base::Error::refused("manifest.limit", base::printable(state.current) + " is larger than " +
                                                      std::to_string(state.options.yaml.max_bytes) +
                                                      " bytes");
  state.json += chunk;
  return {};
}

base::Result<void> RenderedWriter::end_file() {
  State& state = *state_;
  auto done = state.splitter ? state.splitter->finish() : state.take_json();
  state.splitter.reset();
  return done;
}

base::Result<void> RenderedWriter::add(Object object) {
  return state_->add(std::move(object));
}

base::Result<Rendered> RenderedWriter::finish() {
  const std::unique_ptr<State> state = std::move(state_);
  if (state->entries.empty()) {
    if (!state->path_seen && !state->prefix.empty())
      return base::Error::refused("manifest.path_missing", "the artifact holds nothing below \"" +
                                                               base::printable(state->prefix) + "\"");
    return base::Error::refused("manifest.empty", "the artifact holds no manifests");
  }
  if (auto flushed = state->flush(); !flushed) return std::move(flushed).error();
  state->output.reset();
  auto input = state->file->files.open_input(state->file->path);
  if (!input) return std::move(input).error();
  state->file->input = std::move(*input);
  std::sort(state->entries.begin(), state->entries.end(),
            [](const auto& a, const auto& b) { return applies_before(a.key, b.key); });
  auto digest = state->digest_in_order();
  if (!digest) return std::move(digest).error();
  const uint64_t bytes = state->offset - state->entries.size();
  state->entries.shrink_to_fit();
  return Rendered(std::move(state->file), std::move(state->entries), *digest, bytes);
}

}  // namespace gridseal::manifest
