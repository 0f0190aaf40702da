#include "base/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>
#include <system_error>

namespace gridseal::base {
namespace {

Error io_error(int number, const std::string& doing) {
  const std::string text = doing + ": " + std::generic_category().message(number);
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return Error::blocked("files.not_found", text);
    case ENOSPC:
    case EDQUOT:
      return Error::blocked("files.no_space", text + "; free some space on this file system");
    case EACCES:
    case EPERM:
    case EROFS:
      return Error::blocked("files.permission", text);
    case EEXIST:
      return Error::blocked("files.exists", text);
    default:
      return Error::blocked("files.io", text);
  }
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

class PosixOutput final : public OutputFile {
 public:
  PosixOutput(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return io_error(errno, "cannot write " + path_);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return {};
  }

  Result<void> sync() override {
    if (::fsync(fd_.get()) != 0) return io_error(errno, "cannot flush " + path_ + " to disk");
    return {};
  }

  void start_sync() override { (void)::sync_file_range(fd_.get(), 0, 0, SYNC_FILE_RANGE_WRITE); }

 private:
  Descriptor fd_;
  std::string path_;
};

class PosixInput final : public InputFile {
 public:
  PosixInput(Descriptor fd, std::string path, uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}

  Result<size_t> read_at(uint64_t offset, char* buffer, size_t buffer_size) override {
    for (;;) {
      const ssize_t n = ::pread(fd_.get(), buffer, buffer_size, static_cast<off_t>(offset));
      if (n >= 0) return static_cast<size_t>(n);
      if (errno != EINTR) return io_error(errno, "cannot read " + path_);
    }
  }

  uint64_t size() const override { return size_; }

 private:
  Descriptor fd_;
  std::string path_;
  uint64_t size_;
};

EntryKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return EntryKind::file;
  if (S_ISDIR(mode)) return EntryKind::directory;
  if (S_ISLNK(mode)) return EntryKind::symlink;
  return EntryKind::other;
}

Error too_many(const std::string& path, size_t most) {
  return Error::refused("files.too_large", path + " holds more than " + std::to_string(most) + " files");
}

class PosixFiles final : public Files {
 public:
  Result<std::unique_ptr<OutputFile>> open_output(const std::string& path, WriteMode mode,
                                                  uint32_t permissions) override {
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    if (mode == WriteMode::create_new) flags |= O_EXCL;
    if (mode == WriteMode::truncate) flags |= O_TRUNC;
    if (mode == WriteMode::append) flags |= O_APPEND;
    Descriptor fd(::open(path.c_str(), flags, static_cast<mode_t>(permissions)));
    if (fd.get() < 0) return io_error(errno, "cannot create " + path);
    return std::make_unique<PosixOutput>(std::move(fd), path);
  }

  Result<std::unique_ptr<InputFile>> open_input(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() < 0) return io_error(errno, "cannot open " + path);
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0) return io_error(errno, "cannot read " + path);
    if (!S_ISREG(st.st_mode)) return Error::blocked("files.io", path + " is not a regular file");
    return std::make_unique<PosixInput>(std::move(fd), path, static_cast<uint64_t>(st.st_size));
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return io_error(errno, "cannot rename " + from + " to " + to);
    return {};
  }

  Result<void> sync_directory(const std::string& path) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return io_error(errno, "cannot open " + path);
    if (::fsync(fd.get()) != 0) return io_error(errno, "cannot flush " + path + " to disk");
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return io_error(errno, "cannot remove " + path);
    return {};
  }

  Result<void> remove_tree(const std::string& path) override {
    std::error_code ec;
    std::filesystem::remove_all(path, ec);
    if (ec) return io_error(ec.value(), "cannot remove " + path);
    return {};
  }

  Result<void> make_directories(const std::string& path, uint32_t permissions) override {
    for (size_t at = 1; at != std::string::npos && at <= path.size();) {
      at = path.find('/', at);
      const std::string part = path.substr(0, at);
      if (::mkdir(part.c_str(), static_cast<mode_t>(permissions)) != 0 && errno != EEXIST) {
        return io_error(errno, "cannot create the directory " + part);
      }
      if (at != std::string::npos) ++at;
    }
    return {};
  }

  Result<FileInfo> stat(const std::string& path) override {
    struct stat st {};
    if (::lstat(path.c_str(), &st) != 0) return io_error(errno, "cannot look at " + path);
    FileInfo info;
    info.kind = kind_of(st.st_mode);
    info.size = static_cast<uint64_t>(st.st_size);
    info.modified = Time(seconds(st.st_mtim.tv_sec) + milliseconds(st.st_mtim.tv_nsec / 1'000'000));
    info.mode = st.st_mode & 07777U;
    info.owner = st.st_uid;
    info.group = st.st_gid;
    return info;
  }

  Result<std::vector<Entry>> list(const std::string& path) override {
    return list_at_most(path, std::numeric_limits<size_t>::max());
  }

  Result<std::vector<Entry>> list_at_most(const std::string& path, size_t most) override {
    std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), &::closedir);
    if (!dir) return io_error(errno, "cannot list " + path);
    std::vector<Entry> entries;
    while (const dirent* d = ::readdir(dir.get())) {
      const std::string name = d->d_name;
      if (name == "." || name == "..") continue;
      if (entries.size() == most) return too_many(path, most);
      auto info = stat(path + "/" + name);
      if (info) entries.push_back({name, info->kind});
    }
    std::ranges::sort(entries, {}, &Entry::name);
    return entries;
  }

  Result<uint64_t> free_bytes(const std::string& path) override {
    struct statvfs st {};
    if (::statvfs(path.c_str(), &st) != 0)
      return io_error(errno, "cannot look at the file system of " + path);
    return static_cast<uint64_t>(st.f_bavail) * st.f_frsize;
  }
};

}  // namespace

Result<std::vector<Entry>> Files::list_at_most(const std::string& path, size_t most) {
  auto entries = list(path);
  if (entries && entries->size() > most) return too_many(path, most);
  return entries;
}

Files& system_files() {
  static PosixFiles files;
  return files;
}

Result<std::string> read_file(Files& files, const std::string& path, uint64_t limit) {
  auto file = files.open_input(path);
  if (!file) return std::move(file).error();
  const auto too_large = [&] {
    return Error::refused("files.too_large", path + " is larger than " + std::to_string(limit) + " bytes");
  };
  if ((*file)->size() > limit) return too_large();
  std::string bytes((*file)->size(), '\0');
  size_t have = 0;
  for (;;) {
    if (have == bytes.size()) bytes.resize(std::min<uint64_t>(limit + 1, bytes.size() + 4096));
    auto n = (*file)->read_at(have, bytes.data() + have, bytes.size() - have);
    if (!n) return std::move(n).error();
    if (*n == 0) break;
    have += *n;
    if (have > limit) return too_large();
  }
  bytes.resize(have);
  return bytes;
}

Result<void> write_file(Files& files, const std::string& path, std::string_view bytes, uint32_t permissions) {
  static std::atomic<uint64_t> counter{0};
  const std::string temporary = path + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(counter++);
  auto written = [&]() -> Result<void> {
    auto file = files.open_output(temporary, WriteMode::truncate, permissions);
    if (!file) return std::move(file).error();
    if (auto r = (*file)->write(bytes); !r) return r;
    return (*file)->sync();
  }();
  if (written) written = files.rename(temporary, path);
  if (!written) {
    (void)files.remove(temporary);
    return written;
  }
  return files.sync_directory(parent_directory(path));
}

bool is_not_found(const Error& error) {
  return error.code() == "files.not_found";
}

std::string parent_directory(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace gridseal::base
