// SPDX-License-Identifier: BSL-1.0
#include "storage.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <phoneauth/secrets/random.hpp>
#include <phoneauth/secrets/token.hpp>

namespace server {
namespace {

namespace fs = std::filesystem;

using opener = std::unique_ptr<any_storage> (*)(std::string_view url, const ::asio::any_io_executor& executor);

constexpr std::string_view memory = "memory";
constexpr std::string_view sqlite = "sqlite:";

std::unique_ptr<any_storage> open_memory(std::string_view, const ::asio::any_io_executor&) {
    return std::make_unique<any_storage>(std::make_unique<phoneauth::memory_storage>());
}

#ifdef PHONEAUTH_WITH_SQLITE
std::unique_ptr<any_storage> open_sqlite(std::string_view url, const ::asio::any_io_executor&) {
    return std::make_unique<any_storage>(std::make_unique<pooled_sqlite>(url.substr(sqlite.size())));
}
#else
constexpr opener open_sqlite = nullptr;
#endif

#ifdef PHONEAUTH_WITH_POSTGRES
std::unique_ptr<any_storage> open_postgres(std::string_view url, const ::asio::any_io_executor& executor) {
    return std::make_unique<any_storage>(
        std::make_unique<phoneauth::async_postgres_storage>(executor, std::string(url)));
}
#else
constexpr opener open_postgres = nullptr;
#endif

#ifdef PHONEAUTH_WITH_REDIS
std::unique_ptr<any_storage> open_redis(std::string_view url, const ::asio::any_io_executor& executor) {
    return std::make_unique<any_storage>(std::make_unique<phoneauth::async_redis_storage>(executor, std::string(url)));
}
#else
constexpr opener open_redis = nullptr;
#endif

struct kind {
    std::string_view beginning;  // of its URLs
    std::string_view library;    // that it needs
    opener open;                 // nullptr: built without that library
};
constexpr std::array kinds{
    kind{memory, "", open_memory},
    kind{sqlite, "SQLite (libsqlite3-dev)", open_sqlite},
    kind{"postgres://", "libpq (libpq-dev)", open_postgres},
    kind{"postgresql://", "libpq (libpq-dev)", open_postgres},
    kind{"redis://", "hiredis (libhiredis-dev)", open_redis},
    kind{"rediss://", "hiredis (libhiredis-dev)", open_redis},
};

const kind* kind_of(std::string_view url) {
    const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const kind& each) {
        return each.beginning == memory ? url == memory : url.starts_with(each.beginning);
    });
    return found == kinds.end() ? nullptr : found;
}

// ---- The code key's file ----

class descriptor {
public:
    explicit descriptor(int fd) : fd_(fd) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
        if (fd_ >= 0) close(fd_);
    }
    explicit operator bool() const { return fd_ >= 0; }
    int get() const { return fd_; }

private:
    int fd_;
};

[[noreturn]] void fail(const fs::path& file, const std::string& why) {
    throw std::runtime_error("the code key's file " + file.string() + ": " + why);
}
[[noreturn]] void fail(const fs::path& file) {
    fail(file, std::generic_category().message(errno) +
                   "; let the server's user read and write it and its folder, or set PHONEAUTH_CODE_KEY");
}

std::string random_key() {
    phoneauth::random_source random;
    std::string key;
    for (int i = 0; i < 2; ++i) {  // 256 bits
        const auto half = phoneauth::make_token(random);
        if (!half) throw std::runtime_error("OpenSSL has no randomness");
        key += *half;
    }
    return key;
}

/// The key in `file`; empty if there is no such file.
std::string read_key(const fs::path& file) {
    const descriptor in(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in && errno == ENOENT) return "";
    struct stat about {};
    if (!in || fstat(in.get(), &about) != 0) fail(file);
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        fail(file, "others may read or write it; run: chmod 600 " + file.string());
    if (about.st_uid != geteuid()) fail(file, "somebody else made it; run this server as its owner, or delete it");
    std::array<char, 512> text{};
    const auto size = read(in.get(), text.data(), text.size());
    if (size < 0) fail(file);
    std::string key(text.data(), static_cast<std::size_t>(size));
    while (key.ends_with('\n')) key.pop_back();
    if (key.size() < 32 || key.size() > 256)
        fail(file, "expected 32 to 256 bytes; restore it, or delete it for a new key");
    return key;
}

/// Makes `file` with a new key, unless another process is faster. It is never there in part.
void make_key(const fs::path& file) {
    auto unfinished = file.string() + ".XXXXXX";
    const descriptor out(mkostemp(unfinished.data(), O_CLOEXEC));  // with mode 0600
    if (!out) fail(file);
    const auto key = random_key() + '\n';
    const bool written =
        write(out.get(), key.data(), key.size()) == static_cast<ssize_t>(key.size()) && fsync(out.get()) == 0;
    const bool made = written && (link(unfinished.c_str(), file.c_str()) == 0 || errno == EEXIST);
    const int error = std::exchange(errno, 0);
    unlink(unfinished.c_str());
    errno = error;
    if (!made) fail(file);
    const descriptor folder(open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || fsync(folder.get()) != 0) fail(file);
}

}  // namespace

std::string storage_problem(std::string_view url) {
    const auto* kind = kind_of(url);
    if (!kind) return "expected memory, sqlite:FILE, postgres://…, redis://… or rediss://…";
    if (kind->open) return "";
    return "this program was built without " + std::string(kind->library) + "; install that and build it again";
}

std::unique_ptr<any_storage> open_storage(const std::string& url, const ::asio::any_io_executor& executor) {
    if (const auto problem = storage_problem(url); !problem.empty()) throw std::runtime_error(problem);
    return kind_of(url)->open(url, executor);
}

std::string default_storage() {
    std::error_code none;
    const auto program = fs::read_symlink("/proc/self/exe", none);
    return std::string(sqlite) +
           (program.parent_path() / "phoneauth.db").string();  // without /proc: the current folder
}

std::string public_storage_name(std::string_view url) {
    return std::string(url.starts_with(sqlite) ? url : url.substr(0, url.find(':')));
}

bool storage_spans_machines(std::string_view url) {
    const auto* kind = kind_of(url);
    return kind && kind->beginning.ends_with("://");
}

std::string own_code_key(std::string_view url) {
    if (url == memory) return random_key();
    // All names of one database lead to one key.
    auto file = fs::weakly_canonical(std::string(url.substr(sqlite.size())));
    file += ".key";
    auto key = read_key(file);
    if (key.empty()) {
        make_key(file);
        key = read_key(file);
    }
    return key;
}

}  // namespace server
