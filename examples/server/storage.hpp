// SPDX-License-Identifier: BSL-1.0
// The example server's storage, which is chosen when it starts.
#ifndef PHONEAUTH_EXAMPLES_SERVER_STORAGE_HPP
#define PHONEAUTH_EXAMPLES_SERVER_STORAGE_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <phoneauth/policies.hpp>

namespace server {

/// A Storage that stands for any other, so that the flows are compiled once. A server that knows its storage when it is
/// compiled needs no such class: it names its storage's own.
class any_storage {
public:
    template <class T>
    using later = ::asio::awaitable<T>;

    any_storage() = default;
    any_storage(const any_storage&) = delete;
    any_storage& operator=(const any_storage&) = delete;
    virtual ~any_storage() = default;

    virtual later<bool> insert_transaction(const phoneauth::transaction&) = 0;
    virtual later<std::optional<phoneauth::transaction>> find_transaction(const std::string& id) = 0;
    virtual later<bool> update_transaction(const phoneauth::transaction&) = 0;

    virtual later<phoneauth::write_result> insert_user(const phoneauth::user&) = 0;
    virtual later<phoneauth::write_result> update_user(const phoneauth::user&) = 0;
    virtual later<std::optional<phoneauth::user>> find_user(const std::string& object_id) = 0;
    virtual later<std::optional<phoneauth::user>> find_user_by_phone(const phoneauth::phone_number&) = 0;
    virtual later<std::optional<phoneauth::user>> find_user_by_identity(const std::string& identity) = 0;

    virtual later<bool> insert_session(const phoneauth::session&) = 0;
    virtual later<std::optional<phoneauth::session>> find_session(const std::string& token_hash) = 0;
    virtual later<bool> erase_session(const std::string& token_hash) = 0;
    virtual later<std::size_t> erase_sessions_of(const std::string& user_id, const std::string& kept) = 0;

    virtual later<std::vector<phoneauth::counter>> change_counters(const std::vector<phoneauth::counter_change>&) = 0;
};

/// What is wrong with `url` as the name of a storage; empty if this program can try to open it.
std::string storage_problem(std::string_view url);

/// Opens what `url` names: memory, sqlite:FILE, postgres://… or redis://…. Throws `std::runtime_error` with a sentence
/// for the operator if that cannot be done.
std::unique_ptr<any_storage> open_storage(const std::string& url, const ::asio::any_io_executor& executor);

/// A file beside the program, where users survive its end.
std::string default_storage();

/// `url` for everybody to read: without user, password and host.
std::string public_storage_name(std::string_view url);

/// True for a storage that servers of other machines use, too: they must all be told the same code key.
bool storage_spans_machines(std::string_view url);

/// The code key of a server that was told none. With SQLite it is kept in FILE.key, so that codes outlive the process
/// and all servers of one file know each other's; in memory it is a new one. Throws `std::runtime_error`.
std::string own_code_key(std::string_view url);

}  // namespace server

#endif
