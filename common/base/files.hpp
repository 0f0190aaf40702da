// Files, injected, as single steps, so that a test can cut the power or fill the disk at any one of them.
// Errors (blocked): files.not_found, files.no_space, files.permission, files.exists, files.io.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"

namespace gridseal::base {

// A file open for writing. Closed by its destructor, without a promise that anything reached the disk before
// sync().
class OutputFile {
 public:
  virtual ~OutputFile() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Result<void> sync() = 0;  // fsync(2)
  // What was written may go to the disk from now on, while more is written: a later sync() has less to wait
  // for. Promises nothing.
  virtual void start_sync() {}
};

// A file open for reading.
class InputFile {
 public:
  virtual ~InputFile() = default;
  // Up to buffer_size bytes at `offset`; 0 is the end.
  virtual Result<size_t> read_at(uint64_t offset, char* buffer, size_t buffer_size) = 0;
  virtual uint64_t size() const = 0;
};

enum class EntryKind { file, directory, symlink, other };

struct Entry {
  std::string name;
  EntryKind kind = EntryKind::other;
};

struct FileInfo {
  EntryKind kind = EntryKind::other;  // of the path itself; links are not followed
  uint64_t size = 0;
  Time modified;
  uint32_t mode = 0;  // permission bits
  uint32_t owner = 0;
  uint32_t group = 0;
};

enum class WriteMode { create_new, truncate, append };

// Thread safe. Paths are absolute or relative to the working directory.
class Files {
 public:
  virtual ~Files() = default;

  virtual Result<std::unique_ptr<OutputFile>> open_output(const std::string& path, WriteMode mode,
                                                          uint32_t permissions) = 0;
  virtual Result<std::unique_ptr<InputFile>> open_input(const std::string& path) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> sync_directory(const std::string& path) = 0;
  virtual Result<void> remove(const std::string& path) = 0;       // file or link; absent: files.not_found
  virtual Result<void> remove_tree(const std::string& path) = 0;  // absent is success; links are not followed
  virtual Result<void> make_directories(const std::string& path, uint32_t permissions) = 0;  // like mkdir -p
  virtual Result<FileInfo> stat(const std::string& path) = 0;
  virtual Result<std::vector<Entry>> list(const std::string& path) = 0;  // sorted by name, without . and ..
  // The same, but files.too_large (refused) when there are more than `most` entries.
  virtual Result<std::vector<Entry>> list_at_most(const std::string& path, size_t most);
  virtual Result<uint64_t> free_bytes(const std::string& path) = 0;  // for an unprivileged writer
};

// The files of the machine.
Files& system_files();

// The whole file; files.too_large (refused) above `limit` bytes.
Result<std::string> read_file(Files& files, const std::string& path, uint64_t limit = uint64_t{64} << 20U);

// Temporary + fsync + rename + directory fsync: after a cut there is the old file or the new one, never a
// part.
Result<void> write_file(Files& files, const std::string& path, std::string_view bytes,
                        uint32_t permissions = 0640);

bool is_not_found(const Error& error);

// The directory part; "." when there is none.
std::string parent_directory(const std::string& path);

}  // namespace gridseal::base
